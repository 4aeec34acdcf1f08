"""Vectors that were computed before, by the digest of their text: nothing is embedded twice.

One folder for each model and setting holds two files that only grow: `keys.bin` (32 bytes a text) and
`vectors.f32` (4·D bytes a text), in the same order; the vectors are memory-mapped. A vector is written before
its key, so after a kill at any moment every key has its vector; what lies behind the last whole pair is
overwritten by the next write. O(texts log texts) to open, O(log texts) a look-up, O(texts) moved in memory a
write.
"""

import fcntl
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

_KEY_BYTES = 32


class EmbeddingCache:
    """The vectors (N, D) of one model and setting; processes that write at one time wait for each other."""

    def __init__(self, folder: Path, dimensions: int) -> None:
        self._folder, self.dimensions = folder, dimensions
        folder.mkdir(parents=True, exist_ok=True)
        self._keys = np.empty(0, dtype=f"S{_KEY_BYTES}")
        self._order = np.empty(0, dtype=np.int64)
        self._read()

    def find(self, keys: np.ndarray) -> np.ndarray:
        """(N,) the row of each key's vector, or -1 where it is not here."""
        if not len(self._keys):
            return np.full(len(keys), -1)
        places = np.searchsorted(self._keys, keys, sorter=self._order)
        rows = self._order[np.minimum(places, len(self._order) - 1)]
        return np.where(self._keys[rows] == keys, rows, -1)

    def vectors(self, rows: np.ndarray) -> np.ndarray:
        """(len(rows), D) float32, read from the file as they are asked for."""
        if not len(rows):
            return np.empty((0, self.dimensions), dtype=np.float32)
        shape = (len(self._keys), self.dimensions)
        stored = np.memmap(self._folder / "vectors.f32", dtype=np.float32, mode="r", shape=shape)
        return np.asarray(stored[rows])

    def add(self, keys: np.ndarray, vectors: np.ndarray) -> None:
        """Keep `vectors` (M, D) under `keys` (M,); a key that is here already is not written again."""
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._read()  # another process may have written since
            self._append(keys, vectors)

    def _append(self, keys: np.ndarray, vectors: np.ndarray) -> None:
        new = np.flatnonzero(self.find(keys) < 0)
        new = new[np.sort(np.unique(keys[new], return_index=True)[1])]
        row_bytes = self.dimensions * 4
        _overwrite_end(
            self._folder / "vectors.f32",
            len(self._keys) * row_bytes,
            np.ascontiguousarray(vectors[new], dtype=np.float32).tobytes(),
        )
        _overwrite_end(self._folder / "keys.bin", len(self._keys) * _KEY_BYTES, _key_bytes(keys[new]))
        self._read()

    def _read(self) -> None:
        keys, vectors = self._folder / "keys.bin", self._folder / "vectors.f32"
        if not (keys.is_file() and vectors.is_file()):
            return
        whole = min(keys.stat().st_size // _KEY_BYTES, vectors.stat().st_size // (4 * self.dimensions))
        # Whole pairs stay as they are: only what has come since is read, and put in its place.
        known = len(self._keys)
        new = np.fromfile(keys, dtype=self._keys.dtype, count=whole - known, offset=known * _KEY_BYTES)
        order = np.argsort(new, kind="stable")
        places = np.searchsorted(self._keys, new[order], sorter=self._order)
        self._order = np.insert(self._order, places, order + known)
        self._keys = np.concatenate([self._keys, new])


def rows_to_embed(found: np.ndarray, keys: np.ndarray, texts: Sequence[str]) -> np.ndarray:
    """The first row of each different text that is not `found`, by `find`, longest texts first.

    So a batch that is too big fails at once.
    """
    missing = np.flatnonzero(found < 0)
    missing = missing[np.unique(keys[missing], return_index=True)[1]]
    return np.array(sorted(missing.tolist(), key=lambda row: (-len(texts[row]), keys[row])), dtype=np.int64)


def text_keys(texts: Sequence[str]) -> np.ndarray:
    """(N,) 32 hexadecimal digits a text, the digest of its content."""
    # Digits, since numpy's byte strings lose zeros at their end.
    contents = (text.encode("utf-8", "surrogatepass") for text in texts)
    digests = [hashlib.blake2b(content, digest_size=_KEY_BYTES // 2).hexdigest() for content in contents]
    return np.array(digests, dtype=f"S{_KEY_BYTES}")


def _key_bytes(keys: np.ndarray) -> bytes:
    return np.ascontiguousarray(keys, dtype=f"S{_KEY_BYTES}").tobytes()


def _overwrite_end(path: Path, size: int, content: bytes) -> None:
    """`content` behind the first `size` bytes of the file, on the disk when this returns."""
    with path.open("r+b" if path.exists() else "w+b") as stream:
        stream.truncate(size)
        stream.seek(size)
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
