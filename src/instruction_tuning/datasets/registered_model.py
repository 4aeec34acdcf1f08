"""A model version of the MLflow registry, found by alias."""

import json
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview

from instruction_tuning.datasets.atomic import publish
from instruction_tuning.datasets.registry_store import (
    CHAMPION,
    DIGEST_TAG,
    MODEL_URI,
    SFT_MODEL,
    read_only,
    sqlite_file,
)
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder

REGISTRY_CACHE = "data/.work/registry"
_ALIASED = """
    select alias.version, tag.value
    from registered_model_aliases as alias
    left join model_version_tags as tag
        on tag.name = alias.name and tag.version = alias.version and tag.key = ?
    where alias.name = ? and alias.alias = ?
"""


class RegisteredModelDataset(AbstractDataset[Any, ModelFolder | None]):
    """The version of registered model `name` that carries `alias`; loads None where there is none yet."""

    def __init__(
        self,
        *,
        name: str,
        alias: str,
        path: str = REGISTRY_CACHE,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        # Kedro makes a relative `path` of a catalog entry one of the project's.
        self._cache = Path(path)
        self._name = name
        self._alias = alias
        self.metadata = metadata

    def load(self) -> ModelFolder | None:
        found = _aliased_by_client(self._name, self._alias)
        return None if found is None else download_version(self._name, found[0], self._cache)

    def save(self, data: Any) -> None:
        raise ConfigurationError(
            "a registry alias is not written by a node", fix="take it out of a node's outputs"
        )

    def content_identity(self, _path_digest: object) -> dict[str, Any]:
        """The digest of the version that carries the alias; its number where it has no digest."""
        found = aliased_version(self._name, self._alias)
        if found is None:
            return {"model": None}
        version, digest = found
        return {"model": digest or f"{self._name} {version}"}

    def taken_versions(self) -> list[str]:
        """The version that a load takes, with its digest; none where there is none yet."""
        found = aliased_version(self._name, self._alias)
        if found is None:
            return []
        version, digest = found
        return [f"models:/{self._name}/{version}" + (f" ({digest})" if digest else "")]

    def preview(self) -> JSONPreview:
        return JSONPreview(json.dumps(self._describe()))

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"name": self._name, "alias": self._alias}


def aliased_version(name: str, alias: str) -> tuple[str, str | None] | None:
    """Version and digest of registered model `name` that carries `alias`; null where there is none.

    A store in a sqlite file is asked directly, in a millisecond: importing MLflow takes seconds, and a run
    in which nothing has to run shall not. Any other store, or another layout of its tables, goes by MLflow.
    """
    file = sqlite_file(os.environ.get("MLFLOW_TRACKING_URI", ""))
    if file is None:
        return _aliased_by_client(name, alias)
    if not file.exists():
        return None
    with suppress(sqlite3.Error), read_only(file) as store:
        found = store.execute(_ALIASED, (DIGEST_TAG, name, alias)).fetchone()
        return None if found is None else (str(found[0]), found[1])
    return _aliased_by_client(name, alias)


def _aliased_by_client(name: str, alias: str) -> tuple[str, str | None] | None:
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        found = MlflowClient().get_model_version_by_alias(name, alias)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise
    return str(found.version), found.tags.get(DIGEST_TAG)


def resolve_model_uri(uri: str) -> tuple[str, str]:
    """Name and version of `models:/name/7` or `models:/name@alias`; raises `ConfigurationError` otherwise."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    matched = MODEL_URI.fullmatch(uri)
    if matched is None:
        raise ConfigurationError(
            f"`{uri}` names no registered model",
            field="candidate",
            fix=f"write models:/{SFT_MODEL}/7, models:/{SFT_MODEL}@{CHAMPION}, or the path of a model folder",
        )
    name, version, alias = matched["name"], matched["version"], matched["alias"]
    client = MlflowClient()
    try:
        found = (
            client.get_model_version(name, version)
            if version
            else client.get_model_version_by_alias(name, alias)
        )
    except MlflowException as error:
        versions = client.search_model_versions(f"name='{name}'", max_results=20)
        known = ", ".join(str(known.version) for known in versions) or "none"
        raise ConfigurationError(
            f"the registry has no `{uri}`", field="candidate", fix=f"name a version that exists: {known}"
        ) from error
    return name, str(found.version)


def newest_version(name: str) -> str | None:
    """The highest version number of registered model `name`."""
    from mlflow import MlflowClient

    versions = [int(version.version) for version in MlflowClient().search_model_versions(f"name='{name}'")]
    return str(max(versions)) if versions else None


def version_description(name: str, version: str) -> str | None:
    """The Markdown that stands on the version's page; null where nothing does."""
    from mlflow import MlflowClient

    description: str | None = MlflowClient().get_model_version(name, version).description
    return description or None


def download_version(name: str, version: str, cache: Path) -> ModelFolder:
    """The files of one registered version.

    A store on this disk is read in place; from a server they are fetched once into `cache`, for a
    version never changes.
    """
    import mlflow.artifacts

    uri = f"models:/{name}/{version}"
    if not os.environ.get("MLFLOW_TRACKING_URI", "").startswith("http"):
        return open_model_folder(mlflow.artifacts.download_artifacts(uri))
    kept = cache / name / version
    if not kept.is_dir():
        with publish(kept, versioned=False) as path:
            mlflow.artifacts.download_artifacts(uri, dst_path=str(path))
    return open_model_folder(kept)
