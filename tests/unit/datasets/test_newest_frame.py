from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DatasetError, Version

from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.datasets.newest_frame import NewestFrameDataset


def store(folder: Path, name: str, version: str, frame: pd.DataFrame) -> None:
    FrameDataset(filepath=str(folder / name), version=Version(None, version)).save(frame)


def newest(folder: Path) -> NewestFrameDataset:
    names = ("a.parquet", "b.parquet")
    return NewestFrameDataset(
        frames={name: {"filepath": str(folder / name)} for name in names},
        key="record_id",
        made_by="kedro run --pipeline=x",
    )


def test_nothing_is_there_before_anything_was_made(tmp_path: Path) -> None:
    dataset = newest(tmp_path)
    assert dataset.load() is None and dataset.exists()
    assert dataset.content_identity(lambda path: path.name) == {"frames": []}


def test_the_newest_versions_are_joined_by_the_key(tmp_path: Path) -> None:
    ids = ["x", "y"]
    store(tmp_path, "a.parquet", "2026-01-01T00.00.00.000Z", pd.DataFrame({"record_id": ids, "one": [9, 9]}))
    store(tmp_path, "a.parquet", "2026-01-02T00.00.00.000Z", pd.DataFrame({"record_id": ids, "one": [1, 2]}))
    other = pd.DataFrame({"record_id": ["y", "z"], "one": [7, 7], "two": [5.0, 6.0]})
    store(tmp_path, "b.parquet", "2026-01-01T00.00.00.000Z", other)
    joined = newest(tmp_path).load().set_index("record_id")
    assert joined.loc["y"].tolist() == [2, 5.0], "a column of both comes from the first"
    assert joined["two"].isna().tolist() == [True, False, False]


def test_another_newest_version_is_another_content(tmp_path: Path) -> None:
    frame = pd.DataFrame({"record_id": ["x"], "one": [1]})
    store(tmp_path, "a.parquet", "2026-01-01T00.00.00.000Z", frame)
    before = newest(tmp_path).content_identity(lambda path: path.read_bytes().hex())
    store(tmp_path, "a.parquet", "2026-01-02T00.00.00.000Z", frame.assign(one=2))
    assert newest(tmp_path).content_identity(lambda path: path.read_bytes().hex()) != before


def test_it_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="kedro run --pipeline=x"):
        newest(tmp_path).save(pd.DataFrame())
