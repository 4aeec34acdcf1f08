"""A model version of the MLflow registry, found by alias."""

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview

from instruction_tuning.datasets.atomic import publish
from instruction_tuning.datasets.registry_client import TRACKING_URI, registry_client
from instruction_tuning.datasets.registry_lookup import aliased_version
from instruction_tuning.datasets.registry_store import CHAMPION, DIGEST_TAG, MODEL_URI, SFT_MODEL
from instruction_tuning.errors import ConfigurationError, ModelFolderError
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.text.digests import name_of

REGISTRY_CACHE = "data/.work/registry"
_HEX = re.compile(r"[0-9a-f]+")


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
        found = aliased_version(self._name, self._alias)
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
        """Which version carries the alias by now; why nobody can tell where the registry cannot be asked."""
        try:
            taken = ", ".join(self.taken_versions()) or "none yet"
        except ConfigurationError as error:
            taken = f"unknown: {error.problem}"
        return JSONPreview(json.dumps(self._describe() | {"version": taken}))

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"name": self._name, "alias": self._alias}


def resolve_model_uri(uri: str) -> tuple[str, str]:
    """Name and version of `models:/name/7` or `models:/name@alias`; raises `ConfigurationError` otherwise."""
    matched = MODEL_URI.fullmatch(uri)
    if matched is None:
        raise ConfigurationError(
            f"`{uri}` names no registered model",
            field="candidate",
            fix=f"write models:/{SFT_MODEL}/7, models:/{SFT_MODEL}@{CHAMPION}, or the path of a model folder",
        )
    name, version, alias = matched["name"], matched["version"], matched["alias"]
    with registry_client() as client:
        from mlflow.exceptions import MlflowException

        try:
            found = (
                client.get_model_version(name, version)
                if version
                else client.get_model_version_by_alias(name, alias)
            )
        except MlflowException as error:
            versions = client.search_model_versions(f"name='{name}'", max_results=20)
            known = ", ".join(str(number) for number in sorted(int(known.version) for known in versions))
            fix = f"name a version that exists: {known}" if known else f"there is no version of {name} yet"
            raise ConfigurationError(f"the registry has no `{uri}`", field="candidate", fix=fix) from error
        return name, str(found.version)


def newest_version(name: str) -> str | None:
    """The highest version number of registered model `name`."""
    with registry_client() as client:
        versions = [int(version.version) for version in client.search_model_versions(f"name='{name}'")]
    return str(max(versions)) if versions else None


def version_description(name: str, version: str) -> str | None:
    """The Markdown that stands on the version's page; null where nothing does."""
    with registry_client() as client:
        description: str | None = client.get_model_version(name, version).description
    return description or None


def download_version(name: str, version: str, cache: Path) -> ModelFolder:
    """The files of one registered version; raises `ModelFolderError` where they have another digest than it.

    A store on this disk is read in place. From a server they are fetched once into `cache`, by digest: on
    another server a version of the same name and number is another model.
    """
    uri, store = f"models:/{name}/{version}", os.environ.get(TRACKING_URI, "")
    with registry_client() as client:
        import mlflow.artifacts

        digest = client.get_model_version(name, version).tags.get(DIGEST_TAG)
        if not store.startswith("http"):
            return _of_digest(open_model_folder(mlflow.artifacts.download_artifacts(uri)), digest, uri)
        kept = cache / name / (digest if digest and _HEX.fullmatch(digest) else name_of(store, uri))
        with suppress(ModelFolderError):  # not there, or damaged since
            return _of_digest(open_model_folder(kept), digest, uri)
        with publish(kept, versioned=False) as path:
            mlflow.artifacts.download_artifacts(uri, dst_path=str(path))
            _of_digest(open_model_folder(path), digest, uri)
        return open_model_folder(kept)


def _of_digest(folder: ModelFolder, digest: str | None, uri: str) -> ModelFolder:
    if digest not in (None, folder.digest):
        raise ModelFolderError(
            f"`{uri}` was registered with digest {digest}, and its files have {folder.digest}",
            fix="restore the files in MLflow's store, or take another version",
        )
    return folder
