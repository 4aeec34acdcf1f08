"""Data sets elsewhere: fsspec's memory, and a real S3 server on loopback."""

import logging
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
import plotly.graph_objects as go
import pytest
from kedro.io import DataCatalog, DatasetError, Version

from instruction_tuning.cli.plain_errors import explain
from instruction_tuning.datasets.atomic import JSONDataset, PlotlyDataset, TextDataset
from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.datasets.remote import address
from instruction_tuning.hooks.data_versions import data_version

SECRET = "s3cr3t-never-to-be-seen"
CONTENTS = {
    FrameDataset: pd.DataFrame({"a": [1, 2], "b": [["x"], ["y", "z"]]}),
    JSONDataset: {"score": 0.5, "text": "苹果"},
    TextDataset: "one\ntwo 苹果\n",
    PlotlyDataset: go.Figure(),
}


def make(kind: type, place: str, version: str | None = None, **arguments: Any) -> Any:
    return kind(
        filepath=f"{place}/{kind.__name__}", version=Version(None, version) if version else None, **arguments
    )


def equal(kind: type, left: Any, right: Any) -> bool:
    if kind is FrameDataset:
        left, right = (frame.map(lambda cell: list(cell) if hasattr(cell, "__len__") else cell)
                       for frame in (left, right))  # fmt: skip
        return left.equals(right)
    return left == right


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An empty in-memory store, with the working folder empty too: nothing may be written there instead."""
    monkeypatch.chdir(tmp_path)
    yield "memory://bucket"
    fsspec.filesystem("memory").store.clear()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", CONTENTS)
def test_what_was_saved_remotely_comes_back_in_versions(memory, kind):
    make(kind, memory, "2026-01-01T00.00.00.000Z").save(CONTENTS[kind])
    make(kind, memory, "2026-01-02T00.00.00.000Z").save(CONTENTS[kind])
    newest = kind(filepath=f"{memory}/{kind.__name__}", version=Version(None, None))
    assert newest.exists() and newest.resolve_load_version() == "2026-01-02T00.00.00.000Z"
    assert equal(kind, newest.load(), CONTENTS[kind])
    assert newest.preview()


def test_a_remote_frame_has_a_digest_and_an_address_for_mlflow(memory):
    dataset = make(FrameDataset, memory)
    dataset.save(CONTENTS[FrameDataset])
    version = data_version("frame", dataset, CONTENTS[FrameDataset])
    assert version is not None and version.location.startswith("memory://") and version.rows == 2
    assert len(version.digest) == 16


@pytest.mark.parametrize(
    "kind",
    [
        "instruction_tuning.datasets.model_folder.ModelFolderDataset",
        "instruction_tuning.datasets.jsonl.JSONLinesDataset",
        "instruction_tuning.datasets.raw_files.RawFilesDataset",
        "instruction_tuning.datasets.atomic.DocumentDataset",
    ],
)
def test_what_cannot_be_remote_says_so(kind):
    catalog = DataCatalog.from_config({"model": {"type": kind, "filepath": "s3://bucket/model"}})
    with pytest.raises(DatasetError) as caught:
        catalog["model"].load()
    text = explain(caught.value)
    assert text is not None and "must lie on this disk, not at s3://" in text


@pytest.fixture(scope="module")
def s3():
    """Endpoint of moto's S3 server with a bucket."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.mark.parametrize("kind", CONTENTS)
def test_an_s3_server_keeps_versions_and_the_key_is_seen_nowhere(s3, kind, caplog, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    credentials = {"key": "test", "secret": SECRET, "client_kwargs": {"endpoint_url": s3}}
    fsspec.filesystem("s3", **credentials, skip_instance_cache=True).mkdirs("s3://bucket", exist_ok=True)
    entry = {
        "type": f"{kind.__module__}.{kind.__name__}",
        "filepath": f"s3://bucket/{kind.__name__}",
        "versioned": True,
        "credentials": "store",
    }
    with (
        caplog.at_level(logging.DEBUG, logger="kedro"),
        caplog.at_level(logging.DEBUG, logger="instruction_tuning"),
    ):
        catalog = DataCatalog.from_config({"data": entry}, credentials={"store": credentials})
        catalog.save("data", CONTENTS[kind])
        assert equal(kind, catalog.load("data"), CONTENTS[kind])
    dataset = catalog["data"]
    assert SECRET not in caplog.text + repr(dataset) + str(dataset) + address(dataset)
    assert SECRET not in str(data_version("data", dataset, dataset.load()))
    assert list(tmp_path.iterdir()) == []
