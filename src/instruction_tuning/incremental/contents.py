"""The content of a data set as one digest, whichever way it is stored.

| kind | digest |
|---|---|
| says it itself, `content_identity(path_digest)` | of that JSON value |
| file or folder on this disk | of the bytes, a folder's with relative names |
| file or folder elsewhere (`s3://`, …) | of the bytes, read through fsspec every time |
| in memory, given from outside | of its JSON form |
| in memory, made in the run | of the key of the node that makes it (see `node_key`) |
| anything else (a database, …) | none: what reads or writes it runs every time |
"""

import hashlib
import json
from pathlib import Path, PurePath
from typing import Any

from kedro.io import CachedDataset, MemoryDataset, Version
from kedro.io.core import VersionNotFoundError

from instruction_tuning.incremental.file_digests import MISSING, DigestCache, combined

_CHUNK_BYTES = 1 << 20
_LOCAL = ("file", "local", None, "")


def is_memory(dataset: Any) -> bool:
    """Whether `dataset` keeps nothing after the process."""
    return isinstance(dataset, MemoryDataset) or bool(getattr(dataset, "_EPHEMERAL", False))


def content_digest(dataset: Any, cache: DigestCache, version: str | None = None) -> str | None:
    """Digest of what `dataset` would load, at `version` where given; MISSING for nothing, null for unknown.

    `version` is that of a versioned data set; null means the one that it would load.
    """
    stored = getattr(dataset, "_dataset", dataset) if isinstance(dataset, CachedDataset) else dataset
    identity = getattr(stored, "content_identity", None)
    if identity is not None:
        said = identity(cache.path_digest)
        return None if said is None else combined(said)
    if isinstance(stored, MemoryDataset):
        return _memory_digest(stored)
    path = stored_place(stored, version)
    if path is None:
        return MISSING if is_versioned(stored) else None
    if getattr(stored, "_protocol", None) not in _LOCAL:
        return _remote_digest(stored, path)
    return cache.path_digest(Path(path))


def stored_place(dataset: Any, version: str | None = None) -> str | None:
    """Where `dataset` lies at `version`; null where it has no version or no path."""
    if is_versioned(dataset):
        try:
            found = version or dataset.resolve_load_version()
        except VersionNotFoundError:
            return None
        return str(dataset._get_versioned_path(found))
    place = getattr(dataset, "_filepath", None) or getattr(dataset, "_path", None)
    return None if place is None else str(place)


def is_versioned(dataset: Any) -> bool:
    """Whether each run saves `dataset` beside its older versions."""
    return isinstance(getattr(dataset, "_version", None), Version)


def stored_versions(dataset: Any) -> list[str]:
    """The versions of `dataset` that are there, oldest first; none of what has no versions."""
    stored: Any = getattr(dataset, "_dataset", dataset) if isinstance(dataset, CachedDataset) else dataset
    if not is_versioned(stored):
        return []
    places = stored._glob_function(str(stored._get_versioned_path("*")))
    return sorted(PurePath(place).parent.name for place in places)


def current_version(dataset: Any) -> str | None:
    """The version that `dataset` loads; null where it has none."""
    if not is_versioned(dataset):
        return None
    try:
        return str(dataset.resolve_load_version())
    except VersionNotFoundError:
        return None


def _memory_digest(dataset: MemoryDataset) -> str | None:
    if not dataset._exists():
        return MISSING
    value = canonical(dataset.load())
    return None if value is None else combined(value["value"])


def canonical(value: object) -> dict[str, Any] | None:
    """`{"value": JSON form}` of plain values and pydantic models, or of what a value calls its content; null
    for what has no JSON form.
    """
    dump = getattr(value, "model_dump", None)
    identity = getattr(value, "content_identity", None)
    try:
        plain = dump(mode="json") if dump is not None and not isinstance(value, type) else value
        plain = plain if identity is None else identity()
        # A frozen set in a parameters class comes in any order.
        return {"value": json.loads(json.dumps(plain, sort_keys=True, default=_ordered, allow_nan=True))}
    except (TypeError, ValueError):
        return None


def _ordered(value: object) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Path):
        return value.as_posix()
    fields = getattr(value, "__dataclass_fields__", None)
    if fields is not None and not isinstance(value, type):
        return {name: getattr(value, name) for name in fields}
    raise TypeError(type(value).__name__)


def _remote_digest(dataset: Any, path: str) -> str | None:
    """Re-read every time: not every store gives a version or a checksum of the bytes."""
    files = getattr(dataset, "_fs", None)
    if files is None:
        return None
    if not files.exists(path):
        return MISSING
    if files.isfile(path):
        return _stream_digest(files, path)
    names = sorted(files.find(path))
    return combined({name.removeprefix(path.rstrip("/")): _stream_digest(files, name) for name in names})


def _stream_digest(files: Any, path: str) -> str:
    digest = hashlib.sha256()
    with files.open(path, "rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
