"""SHA-256 of files and folders, remembered by what the file system says of them.

A remembered digest holds for as long as size, modification time, change time and inode are the same. The
change time cannot be set by a program, so a file that was rewritten and given its old time back is read
again; so is every file of a copied project, with the same digests at the end.
"""

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

_CHUNK_BYTES = 1 << 20
# Two writes within one tick of the kernel's clock leave the same times: such a young file is not remembered.
_YOUNG_SECONDS = 0.05
MISSING = "missing"


class DigestCache:
    """Digests and other facts about files, kept in one SQLite file; any failure of it only costs time."""

    def __init__(self, file: Path, root: Path) -> None:
        self._root = root
        # Most are what modules say, which nobody asks for where nothing has changed: read when asked for.
        self._stored: dict[tuple[str, str], tuple[str, str]] = {}
        self._known: dict[tuple[str, str], tuple[str, Any]] = {}
        self._new: dict[tuple[str, str], tuple[str, Any]] = {}
        self._file = file
        with suppress(sqlite3.Error, OSError), self._connection() as connection:
            rows = connection.execute("select kind, path, state, fact from facts").fetchall()
            self._stored = {(kind, path): (state, fact) for kind, path, state, fact in rows}

    def digest(self, file: Path) -> str:
        """SHA-256 of `file`, 64 hex digits."""
        return str(self.fact("sha256", file, _sha256))

    def fact(self, kind: str, file: Path, compute: Any) -> Any:
        """`compute(file)`, any JSON value, unless it is known for the file as it is now."""
        status = file.stat()
        state = _state(status)
        key = (kind, self._name(file))
        known = self._find(key)
        if known is not None and known[0] == state:
            return known[1]
        value = compute(file)
        if time.time() - max(status.st_mtime, status.st_ctime) > _YOUNG_SECONDS:
            self._known[key] = self._new[key] = (state, value)
        return value

    def path_digest(self, path: Path) -> str:
        """As `digest`; of a folder, one over relative names and digests of all files; MISSING for nothing."""
        if path.is_file():
            return self.digest(path)
        if not path.is_dir():
            return MISSING
        return combined({name: self.digest(file) for name, file in files_below(path)})

    def value(self, kind: str, name: str, state: Callable[[Any], str], compute: Callable[[], Any]) -> Any:
        """`compute()`, any JSON value, remembered for as long as `state` of it is what it was."""
        key = (kind, name)
        known = self._find(key)
        if known is None or known[0] != state(known[1]):
            value = compute()
            known = self._known[key] = self._new[key] = (state(value), value)
        return known[1]

    def save(self) -> None:
        """Write what is new."""
        if not self._new:
            return
        rows = [(kind, path, state, json.dumps(fact)) for (kind, path), (state, fact) in self._new.items()]
        with suppress(sqlite3.Error, OSError), self._connection() as connection:
            connection.executemany("insert or replace into facts values (?, ?, ?, ?)", rows)
            self._new = {}

    def _find(self, key: tuple[str, str]) -> tuple[str, Any] | None:
        """The state that the fact is of, and the fact."""
        if key in self._stored:
            state, fact = self._stored.pop(key)
            with suppress(ValueError):
                self._known[key] = (state, json.loads(fact))
        return self._known.get(key)

    def _connection(self) -> "_Connection":
        return _Connection(self._file)

    def _name(self, file: Path) -> str:
        absolute = file.absolute()
        if absolute.is_relative_to(self._root):
            return absolute.relative_to(self._root).as_posix()
        return absolute.as_posix()


class _Connection:
    """A connection that commits and closes; the table is made where there is none."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> sqlite3.Connection:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(self._file, timeout=2)
        self._connection.execute(
            "create table if not exists facts (kind text, path text, state text, fact text, "
            "primary key (kind, path))"
        )
        return self._connection

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            self._connection.commit()
        self._connection.close()


def file_state(file: Path) -> str:
    """Size, times and inode of `file`: what changes whenever its content does."""
    return _state(file.stat())


def _state(status: os.stat_result) -> str:
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_ino}"


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Relative name and path of every file of `folder`, sorted by name."""
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    return ((name, files[name]) for name in sorted(files))


def combined(digests: Any) -> str:
    """One SHA-256, 64 hex digits, of any JSON value with sorted keys."""
    text = json.dumps(digests, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
