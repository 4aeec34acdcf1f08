"""Which data a run read and wrote: version, digest, place and size of each data set."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.io import MemoryDataset

from instruction_tuning.datasets.atomic import TextDataset
from instruction_tuning.datasets.hub_model import HubModelDataset
from instruction_tuning.datasets.model_folder import ModelFolderDataset
from instruction_tuning.datasets.raw_files import RawFilesDataset
from instruction_tuning.datasets.remote import address, is_remote, stored_bytes
from instruction_tuning.lm.model_folder import ModelFolder

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class DataVersion:
    """One state of one data set. `digest` is the first 16 hex digits of the SHA-256 of its bytes."""

    name: str
    digest: str
    location: str
    version: str | None = None
    rows: int | None = None
    columns: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()  # name and SHA-256 of each raw file

    def __str__(self) -> str:
        return f"{self.version} {self.digest}" if self.version else self.digest


def data_version(name: str, dataset: Any, data: Any) -> DataVersion | None:
    """What `data`, just loaded from or saved to `dataset`, is; None for what is no stored data."""
    if isinstance(dataset, MemoryDataset) or isinstance(data, str | Path):
        return None  # a working state, or a text that shows data with a version of its own
    if isinstance(data, ModelFolder):
        return DataVersion(name, data.digest, str(data.path), version=_version(dataset))
    if isinstance(data, list) and data and all(hasattr(item, "sha256") for item in data):
        together = hashlib.sha256("".join(sorted(item.sha256 for item in data)).encode()).hexdigest()
        files = tuple((item.path.name, item.sha256) for item in data)
        return DataVersion(name, together[:16], str(getattr(dataset, "_filepath", "")), files=files)
    path = stored_path(dataset)
    if path is not None and not path.is_file():
        return None
    if path is not None:
        digest, location = _file_digest(path), str(path)
    elif is_remote(dataset):
        digest, location = hashlib.sha256(stored_bytes(dataset)).hexdigest()[:16], address(dataset)
    else:
        return None
    columns = tuple(str(column) for column in getattr(data, "columns", ()))
    return DataVersion(
        name,
        digest,
        location,
        version=_version(dataset),
        rows=len(data) if columns else None,
        columns=columns,
    )


def stored_version(name: str, dataset: Any) -> DataVersion | None:
    """As `data_version`, for what an earlier run stored and this one has not loaded; no rows are counted."""
    if isinstance(dataset, TextDataset | MemoryDataset) or not dataset.exists():
        return None
    cheap = isinstance(dataset, ModelFolderDataset | HubModelDataset | RawFilesDataset)
    return data_version(name, dataset, dataset.load() if cheap else None)


def stored_path(dataset: Any) -> Path | None:
    """Where the newest version of `dataset` lies on this disk, if it lies on a disk at all."""
    get_load_path = None if is_remote(dataset) else getattr(dataset, "_get_load_path", None)
    return Path(get_load_path()) if get_load_path is not None else None


def as_mlflow_input(version: DataVersion, *, context: str) -> Any:
    """An MLflow input entity; `context` says what the data was used for."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    profile: dict[str, Any] = {"num_rows": version.rows} if version.rows is not None else {}
    if version.files:
        profile["sha256"] = dict(version.files)
    dataset = Dataset(
        name=version.name,
        digest=version.digest,
        source_type="local",
        source=json.dumps({"uri": version.location}),
        schema=json.dumps({"columns": list(version.columns)})[:60_000],
        profile=json.dumps(profile | ({"version": version.version} if version.version else {})),
    )
    return DatasetInput(dataset=dataset, tags=[InputTag("mlflow.data.context", context)])


def _version(dataset: Any) -> str | None:
    resolve = getattr(dataset, "resolve_load_version", None)
    return resolve() if resolve is not None else None


def _file_digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()[:16]
