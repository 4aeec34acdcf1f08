"""Files in object stores (s3://, gs://, anything that fsspec knows), written whole or not at all.

There is no rename there, and none is needed: the bytes are complete before the object is opened, and an
object appears when its upload ends. Folders are many objects and cannot appear at once, so model folders,
raw files and JSON Lines stay on this disk, and say so.
"""

import re
from pathlib import Path
from typing import Any

from kedro.io.core import get_filepath_str

from instruction_tuning.errors import ConfigurationError

_COMMIT = re.compile(r"[0-9a-f]{40}")


def is_commit(revision: str | None) -> bool:
    """Whether a hub's `revision` names bytes for good: a branch moves, and a tag can be set anew."""
    return revision is not None and _COMMIT.fullmatch(revision) is not None


def is_remote(dataset: Any) -> bool:
    """Whether `dataset` lies elsewhere than on this disk."""
    return getattr(dataset, "_protocol", "file") != "file"


def stored_bytes(dataset: Any) -> bytes:
    """The newest version's bytes, wherever they are."""
    if not is_remote(dataset):
        return Path(dataset._get_load_path()).read_bytes()
    return bytes(dataset._fs.cat_file(_load_address(dataset)))


def put(dataset: Any, content: bytes) -> None:
    """Write `content` as one object at the save path of the remote `dataset`."""
    dataset._fs.pipe_file(get_filepath_str(dataset._get_save_path(), dataset._protocol), content)


def address(dataset: Any) -> str:
    """Where the newest version of the remote `dataset` lies; credentials are no part of it."""
    path = _load_address(dataset)
    return path if "://" in path else f"{dataset._protocol}://{path}"


def require_local(filepath: str, what: str) -> None:
    """Raise `ConfigurationError` for an address in a place where only a path of this disk can stand."""
    if "://" in filepath and not filepath.startswith("file://"):
        raise ConfigurationError(
            f"{what} must lie on this disk, not at {filepath.partition('://')[0]}://",
            field="filepath",
            fix="copy it here first (fsspec, aws s3 cp, gsutil cp), and name the copy",
        )


def _load_address(dataset: Any) -> str:
    return get_filepath_str(dataset._get_load_path(), dataset._protocol)
