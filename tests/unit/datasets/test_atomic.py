"""A save happens or does not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from kedro.io import Version

from instruction_tuning.datasets.atomic import (
    DocumentDataset,
    JSONDataset,
    PlotlyDataset,
    TextDataset,
    publish,
    work_folder,
)
from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.datasets.model_folder import ModelFolderDataset
from instruction_tuning.errors import ModelFolderError
from instruction_tuning.lm.model_folder import open_model_folder

FIRST, SECOND = "2024-01-01T00.00.00.000Z", "2024-01-02T00.00.00.000Z"

# Saves the second version of a model folder and says so in the middle, when half of it is written.
SLOW_SAVE = """
import shutil, sys, time
from kedro.io import Version
from instruction_tuning.datasets.model_folder import ModelFolderDataset
from instruction_tuning.lm.model_folder import open_model_folder

copy = shutil.copy2
def slow_copy(source, target, **options):
    copy(source, target, **options)
    print("half", flush=True)
    time.sleep(60)

shutil.copytree.__kwdefaults__ = None
original = shutil.copytree
shutil.copytree = lambda source, target: original(source, target, copy_function=slow_copy)
dataset = ModelFolderDataset(filepath=sys.argv[2], version=Version(None, sys.argv[3]))
dataset.save(open_model_folder(sys.argv[1]))
"""


def model_dataset(tmp_path: Path, version: str | None) -> ModelFolderDataset:
    return ModelFolderDataset(
        filepath=(tmp_path / "data/06_models/sft_model").as_posix(), version=Version(None, version)
    )


def test_a_save_killed_in_the_middle_leaves_the_version_before_it(tmp_path, tiny_model_path):
    model_dataset(tmp_path, FIRST).save(open_model_folder(tiny_model_path))
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_SAVE, tiny_model_path, tmp_path / "data/06_models/sft_model", SECOND],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"half\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()

    dataset = model_dataset(tmp_path, None)
    assert dataset.list_versions(full_path=False) == [FIRST]
    assert dataset.load().digest == open_model_folder(tiny_model_path).digest
    leftovers = list(work_folder(dataset.load().path).glob("publish/*"))
    assert len(leftovers) == 1
    model_dataset(tmp_path, SECOND).save(open_model_folder(tiny_model_path))
    assert dataset.list_versions(full_path=False) == [SECOND, FIRST]
    assert not list(work_folder(dataset.load().path).glob("publish/*"))


@pytest.mark.parametrize("version", [None, Version(None, FIRST)])
def test_a_save_that_raises_leaves_nothing(tmp_path, version):
    dataset = JSONDataset(filepath=(tmp_path / "data/08_reporting/verdict.json").as_posix(), version=version)
    with pytest.raises(Exception, match="not JSON serializable"):
        dataset.save({"verdict": object()})
    assert not dataset.exists()
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]


def test_an_unversioned_folder_is_replaced_whole(tmp_path):
    target = tmp_path / "data" / "model"
    for name in ("a", "b"):
        with publish(target, versioned=False) as path:
            path.mkdir()
            (path / name).write_text(name)
    assert [file.name for file in target.iterdir()] == ["b"]


def test_a_live_process_keeps_its_staging_folder(tmp_path):
    with publish(tmp_path / "data" / "outer.txt", versioned=False) as outer:
        outer.write_text("outer")
        with publish(tmp_path / "data" / "inner.txt", versioned=False) as inner:
            inner.write_text("inner")
        assert outer.exists()
    assert (tmp_path / "data" / "outer.txt").read_text() == "outer"


def test_text_and_json_keep_their_characters_and_have_previews(tmp_path):
    text = TextDataset(filepath=(tmp_path / "card.md").as_posix())
    text.save("# 卡\nline")
    assert text.load() == "# 卡\nline"
    assert "卡" in text.preview()
    metrics = JSONDataset(filepath=(tmp_path / "metrics.json").as_posix())
    metrics.save({"loss": 1.5, "语": "中"})
    assert metrics.load() == {"loss": 1.5, "语": "中"}
    assert "中" in (tmp_path / "metrics.json").read_text(encoding="utf-8")


def test_a_figure_comes_back_as_it_was(tmp_path):
    import plotly.graph_objects

    figure = plotly.graph_objects.Figure(plotly.graph_objects.Bar(x=["open qa"], y=[0.5]))
    dataset = PlotlyDataset(filepath=(tmp_path / "figure.json").as_posix(), version=Version(None, FIRST))
    dataset.save(figure)
    assert dataset.load() == figure
    assert dataset.preview()["data"][0]["type"] == "bar"


def test_a_frame_keeps_lists_and_text_that_looks_like_numbers(tmp_path):
    frame = pd.DataFrame({"record_id": ["0012"], "messages": [[{"role": "user", "content": "x" * 500}]]})
    dataset = FrameDataset(filepath=(tmp_path / "pool.parquet").as_posix(), version=Version(None, FIRST))
    dataset.save(frame)
    loaded = dataset.load()
    assert loaded["record_id"].tolist() == ["0012"]
    assert dict(loaded["messages"][0][0]) == {"role": "user", "content": "x" * 500}
    preview = dataset.preview(nrows=3)
    assert preview["columns"] == ["record_id", "messages"]
    assert len(preview["data"][0][1]) <= 160


def test_a_document_loads_as_the_path_of_its_newest_version(tmp_path):
    for version in (FIRST, SECOND):
        saved = DocumentDataset(filepath=(tmp_path / "d.md").as_posix(), version=Version(None, version))
        saved.save(f"of {version}")
    path = DocumentDataset(filepath=(tmp_path / "d.md").as_posix(), version=Version(None, None)).load()
    assert path.read_text(encoding="utf-8") == f"of {SECOND}"


def test_the_preview_of_a_page_says_where_it_lies(tmp_path):
    page = DocumentDataset(filepath=(tmp_path / "a.html").as_posix())
    page.save("<!DOCTYPE html>" + "x" * 100_000)
    assert len(page.preview()) < 1000 and str(tmp_path / "a.html") in page.preview()


def test_an_empty_frame_has_a_preview(tmp_path):
    dataset = FrameDataset(filepath=(tmp_path / "rejected.parquet").as_posix())
    dataset.save(pd.DataFrame({"reason": pd.Series([], dtype="str")}))
    assert dataset.preview()["data"] == []


def test_a_model_folder_preview_shows_the_configuration(tmp_path, tiny_model_path):
    dataset = ModelFolderDataset(filepath=tiny_model_path.as_posix())
    assert '"model_type": "llama"' in dataset.preview()


def test_a_missing_model_folder_is_named(tmp_path):
    dataset = ModelFolderDataset(filepath=(tmp_path / "nowhere").as_posix())
    assert not dataset.exists()
    with pytest.raises(Exception, match="no model folder here") as caught:
        dataset.load()
    assert isinstance(caught.value.__cause__, ModelFolderError)


def test_the_newest_version_is_never_a_staging_folder(tmp_path):
    dataset = FrameDataset(filepath=(tmp_path / "pool.parquet").as_posix(), version=Version(None, FIRST))
    dataset.save(pd.DataFrame({"a": [1]}))
    abandoned = tmp_path / "pool.parquet" / ".work" / "publish" / f"{os.getpid()}-x" / SECOND
    abandoned.mkdir(parents=True)
    (abandoned / "pool.parquet").write_bytes(b"half")
    os.utime(abandoned, (time.time() + 10,) * 2)
    newest = FrameDataset(filepath=(tmp_path / "pool.parquet").as_posix(), version=Version(None, None))
    assert newest.load()["a"].tolist() == [1]
