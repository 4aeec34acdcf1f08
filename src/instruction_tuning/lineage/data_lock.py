"""Runs and deletions keep out of each other's way: a run holds the lock shared, a deletion holds it alone.

The lock is the operating system's and ends with its process, however that ends.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from instruction_tuning.errors import WorkspaceError

_FILE = "data.lock"


def hold_for_a_run(data: Path) -> IO[bytes] | None:
    """Wait for a deletion to end, then keep others off until the returned file is closed.

    Null where the folder cannot be written: then nothing can be deleted there either.
    """
    with suppress(OSError):
        stream = _open(data)
        fcntl.flock(stream, fcntl.LOCK_SH)
        return stream
    return None


@contextmanager
def hold_for_deleting(data: Path) -> Iterator[None]:
    """Raises `WorkspaceError` while a run uses the data."""
    with _open(data) as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WorkspaceError(
                "a run is going on, and may be reading what would be deleted",
                file=data,
                fix="wait for it to end, or stop it",
            ) from error
        yield


def _open(data: Path) -> IO[bytes]:
    file = data / ".work" / _FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    return file.open("ab")
