"""One digest for the content of a data set, wherever it is stored."""

import os
from pathlib import Path

import pandas as pd
import pytest
from kedro.io import AbstractDataset, MemoryDataset, Version
from kedro_datasets.json import JSONDataset

from instruction_tuning.datasets.raw_files import RawFilesDataset
from instruction_tuning.incremental.contents import content_digest
from instruction_tuning.incremental.file_digests import MISSING, DigestCache
from instruction_tuning.lm.protocol import Endpoint


@pytest.fixture
def cache(tmp_path: Path) -> DigestCache:
    return DigestCache(tmp_path / "cache.sqlite", tmp_path)


class Elsewhere(AbstractDataset[None, None]):
    """A data set without a path, such as a table of a database."""

    def load(self) -> None: ...

    def save(self, data: None) -> None: ...

    def _describe(self) -> dict[str, object]:
        return {}


def test_a_version_that_is_not_there_is_missing(cache, tmp_path):
    dataset = JSONDataset(filepath=(tmp_path / "a.json").as_posix(), version=Version(None, "2024"))
    assert content_digest(dataset, cache) == MISSING
    dataset.save([1])
    assert content_digest(dataset, cache) == content_digest(dataset, cache, "2024") != MISSING
    assert content_digest(dataset, cache, "2023") == MISSING


def test_a_file_elsewhere_is_read_through_its_file_system(cache):
    dataset = JSONDataset(filepath="memory://bucket/a.json")
    assert content_digest(dataset, cache) == MISSING
    dataset.save([1])
    first = content_digest(dataset, cache)
    dataset.save([2])
    assert first != content_digest(dataset, cache)


def test_what_cannot_be_seen_has_no_digest(cache):
    assert content_digest(Elsewhere(), cache) is None
    assert content_digest(MemoryDataset(pd.DataFrame({"a": [1]})), cache) is None


def test_a_set_in_parameters_has_no_order(cache):
    one = MemoryDataset({"names": frozenset({"b", "a", "c"})})
    assert content_digest(one, cache) == content_digest(MemoryDataset({"names": {"c", "a", "b"}}), cache)


def test_a_raw_file_counts_with_its_name_and_not_with_its_place(cache, tmp_path):
    for name in ("a/x.json", "b/x.json", "c/y.json"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("[]")
    a, b, c = (
        content_digest(RawFilesDataset(filepath=str(tmp_path / name)), cache)
        for name in ("a/x.json", "b/x.json", "c/y.json")
    )
    assert a == b != c


def test_of_an_endpoint_the_model_counts_and_the_keys_name_does_not(cache):
    def digest(**given: str) -> str | None:
        endpoint = Endpoint(**{"base_url": "http://h/v1", "model": "m"} | given)
        return content_digest(MemoryDataset(endpoint), cache)

    assert digest() == digest(api_key_env="OTHER_KEY") != digest(model="n")


def test_a_file_that_was_rewritten_and_given_its_old_time_is_read_again(tmp_path):
    file = tmp_path / "data.bin"
    file.write_bytes(b"one")
    old = file.stat().st_mtime_ns - 10**10
    os.utime(file, ns=(old, old))
    first = DigestCache(tmp_path / "cache.sqlite", tmp_path)
    digest = first.digest(file)
    first.save()
    file.write_bytes(b"two")
    os.utime(file, ns=(old, old))
    assert DigestCache(tmp_path / "cache.sqlite", tmp_path).digest(file) != digest


def test_a_broken_cache_costs_only_time(tmp_path):
    (tmp_path / "cache.sqlite").write_text("no database")
    (tmp_path / "file").write_text("x")
    cache = DigestCache(tmp_path / "cache.sqlite", tmp_path)
    assert len(cache.digest(tmp_path / "file")) == 64
    cache.save()
