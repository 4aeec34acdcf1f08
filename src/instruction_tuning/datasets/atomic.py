"""Saving that either happens or does not: a killed process leaves no version that loads half.

A dataset writes into a staging folder under `data/.work/publish/`; one rename then puts the version
folder (versioned) or the file or folder (unversioned) in its place.
"""

import errno
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any

from kedro_datasets._typing import JSONPreview
from kedro_datasets.json import JSONDataset as KedroJSONDataset
from kedro_datasets.plotly import JSONDataset as KedroPlotlyDataset
from kedro_datasets.text import TextDataset as KedroTextDataset

from instruction_tuning.datasets.remote import is_remote, put, require_local, stored_bytes
from instruction_tuning.errors import WorkspaceError

_PREVIEW_CHARACTERS = 4000


@contextmanager
def publish(target: PurePath, *, versioned: bool) -> Iterator[Path]:
    """Yield a path to write to; on a clean exit it becomes `target` by one rename.

    `target` of a versioned dataset is `<filepath>/<version>/<name>`: there the version folder is what
    is renamed, so that nothing of it can be seen before all of it is there. Replacing an unversioned
    *folder* takes two renames; between them there is none.
    """
    destination = Path(target)
    unit = destination.parent if versioned else destination
    staging = work_folder(unit) / "publish" / f"{os.getpid()}-{uuid.uuid4().hex}"
    _remove_abandoned(staging.parent)
    staged_unit = staging / unit.name
    staged_target = staged_unit / destination.name if versioned else staged_unit
    try:
        staged_target.parent.mkdir(parents=True)
        yield staged_target
        _flush_to_disk(staged_unit)
        unit.parent.mkdir(parents=True, exist_ok=True)
        if not versioned and destination.is_dir():
            os.rename(destination, staging / "replaced")
        _move_into_place(staged_unit, unit)
    except PermissionError as error:
        raise WorkspaceError(
            f"cannot write here: {error.strerror}",
            file=error.filename or destination,
            fix="make the folder writable, or clear it of files that another user owns",
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def work_folder(path: PurePath) -> Path:
    """`data/.work` of the project that `path` lies in; beside `path` where no folder above it is `data`."""
    parents = Path(path).absolute().parents
    data = next((parent for parent in parents if parent.name == "data"), parents[0])
    return data / ".work"


def _remove_abandoned(root: Path) -> None:
    """Clear what killed processes left; a live process's folder carries its process id."""
    import psutil

    for folder in root.glob("*-*"):
        owner = folder.name.partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _flush_to_disk(path: Path) -> None:
    """fsync, so that a power cut right after the rename does not leave empty files behind it."""
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    for file in files:
        with file.open("rb") as stream:
            os.fsync(stream.fileno())


def _move_into_place(staged: Path, destination: Path) -> None:
    try:
        os.replace(staged, destination)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR):
            raise
        raise WorkspaceError(
            "something is here already",
            file=destination,
            fix="run one pipeline at a time, or move away what lies here",
        ) from error


def publish_text(dataset: Any, text: str) -> None:
    """UTF-8 `text` as the new version of a file data set: one rename, or one upload (s3://, gs://)."""
    if is_remote(dataset):
        put(dataset, text.encode("utf-8"))
    else:
        with publish(dataset._get_save_path(), versioned=bool(dataset._version)) as path:
            path.write_text(text, encoding="utf-8")
    dataset._invalidate_cache()


class JSONDataset(KedroJSONDataset):
    """UTF-8 JSON, published by one rename or one upload."""

    def load(self) -> Any:
        return json.loads(stored_bytes(self))

    def save(self, data: Any) -> None:
        publish_text(self, json.dumps(data, ensure_ascii=False, **self._save_args) + "\n")

    def preview(self) -> JSONPreview:
        return JSONPreview(stored_bytes(self).decode("utf-8"))


class TextDataset(KedroTextDataset):
    """UTF-8 text, Markdown or HTML, published by one rename or one upload."""

    def load(self) -> str:
        return stored_bytes(self).decode("utf-8")

    def save(self, data: str) -> None:
        publish_text(self, data)

    def preview(self) -> JSONPreview:
        """The first lines, as a JSON list: in an HTML preview kedro-viz takes `_` and `*` for Markdown."""
        text = stored_bytes(self).decode("utf-8")[:_PREVIEW_CHARACTERS]
        return JSONPreview(json.dumps(text.splitlines(), ensure_ascii=False))


class DocumentDataset(TextDataset):
    """A text that only people read: it loads as the path of its file, so that a node can name it.

    On this disk only: a remote object has no path that a person could open.
    """

    def __init__(self, *, filepath: str, **arguments: Any) -> None:
        require_local(filepath, "a document that people open")
        super().__init__(filepath=filepath, **arguments)

    def load(self) -> Path:  # type: ignore[override]
        return Path(self._get_load_path())

    def preview(self) -> JSONPreview:
        """The first lines; of a page, where it lies."""
        page = Path(self._get_load_path())
        if page.suffix != ".html":
            return super().preview()
        return JSONPreview(json.dumps({"open in a browser": str(page), "bytes": page.stat().st_size}))


class PlotlyDataset(KedroPlotlyDataset):
    """A Plotly figure as JSON, published by one rename or one upload; kedro-viz draws it."""

    def save(self, data: Any) -> None:
        publish_text(self, data.to_json(**self._save_args))

    def load(self) -> Any:
        import plotly.io

        return plotly.io.from_json(stored_bytes(self).decode("utf-8"), **self._load_args)

    def _exists(self) -> bool:
        return bool(super()._exists()) if is_remote(self) else Path(self._get_load_path()).exists()
