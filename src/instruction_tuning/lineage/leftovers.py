"""Model files in MLflow that no registered version uses: listed, for MLflow alone may delete them."""

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from instruction_tuning.datasets.registry_store import read_only, sqlite_file
from instruction_tuning.lineage.registry import RegisteredModel


@dataclass(frozen=True)
class Leftover:
    """A logged model; `bytes` is null where its files are not on this disk."""

    model_id: str
    location: str
    bytes: int | None
    is_marked_deleted: bool


def leftovers(tracking_uri: str, models: list[RegisteredModel]) -> list[Leftover]:
    """Logged models in a sqlite store that are the source of none of `models`; no other store is asked."""
    file = sqlite_file(tracking_uri)
    if file is None or not file.exists():
        return []
    used = {model.source.removeprefix("models:/") for model in models}
    with suppress(sqlite3.Error), read_only(file) as store:
        rows = store.execute("select model_id, artifact_location, lifecycle_stage from logged_models")
        return [
            Leftover(model_id, location, _size(location), stage == "deleted")
            for model_id, location, stage in rows
            if model_id not in used
        ]
    return []


def how_to_delete(found: list[Leftover], tracking_uri: str) -> str:
    """MLflow deletes what is marked deleted, and nothing else."""
    unmarked = [one.model_id for one in found if not one.is_marked_deleted]
    marking = "; ".join(f"MlflowClient().delete_logged_model('{model_id}')" for model_id in unmarked)
    mark = f'python -c "from mlflow import MlflowClient; {marking}" && ' if unmarked else ""
    ids = ",".join(one.model_id for one in found)
    collect = f"mlflow gc --backend-store-uri {tracking_uri} --logged-model-ids {ids}"
    return f"export MLFLOW_TRACKING_URI={tracking_uri} && {mark}{collect}"


def _size(location: str) -> int | None:
    parts = urlsplit(location)
    folder = Path(unquote(parts.path))
    if parts.scheme not in ("", "file") or not folder.is_dir():
        return None
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
