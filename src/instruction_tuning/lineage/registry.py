"""The versions in the MLflow registry, with the data behind them.

A store in a sqlite file is asked directly, in milliseconds: importing MLflow takes seconds. Any other store,
or another layout of its tables, goes by MLflow's client.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from instruction_tuning.datasets.registry_client import registry_client
from instruction_tuning.datasets.registry_store import (
    CHAMPION,
    DATA_TAG,
    MODEL_URI,
    SFT_MODEL,
    read_only,
    sqlite_file,
)
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.incremental.records import Execution, StoredState

_DELETED = "Deleted_Internal"
# Nodes that register what they write, and their data sets with weights.
_PUBLISHING, _MODEL = "publish_", "_model"


@dataclass(frozen=True)
class RegisteredModel:
    """One version that is not deleted; `created_at` in milliseconds since 1970."""

    name: str
    version: str
    source: str
    run_id: str | None
    created_at: int
    aliases: tuple[str, ...]
    tags: dict[str, str]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def registered_at(self) -> str:
        """UTC, ISO 8601, as the records of executions have it."""
        return datetime.fromtimestamp(self.created_at / 1000, UTC).isoformat(timespec="milliseconds")

    @property
    def data(self) -> dict[str, StoredState]:
        """The versioned data sets behind it; the digests of others are no digests of one file."""
        return dict(_states(self.tags.items()))


def registered_models(tracking_uri: str) -> list[RegisteredModel]:
    """All versions of all registered models, in order of name and number; none where there is no store."""
    file = sqlite_file(tracking_uri)
    if file is None:
        return _sorted(_by_client())
    if not file.exists():
        return []
    with suppress(sqlite3.Error), read_only(file) as store:
        return _sorted(_by_tables(store))
    return _sorted(_by_client())


def without_a_trace(
    executions: Iterable[Execution], models: Iterable[RegisteredModel], tracking_uri: str
) -> list[tuple[str, str]]:
    """Models, by data set and version, that a run registered and that this registry has never heard of.

    A deleted version is no such model where the store, a sqlite file, still tells of it.
    """
    known = {(name, state.version) for model in models for name, state in model.data.items()}
    file = sqlite_file(tracking_uri)
    if file is not None and file.exists():
        with suppress(sqlite3.Error), read_only(file) as store:
            tags = store.execute("select key, value from model_version_tags")
            known |= {(name, state.version) for name, state in _states(tags)}
    published = [one for one in executions if one.node.rpartition(".")[2].startswith(_PUBLISHING)]
    made = {
        (name, state.version)
        for one in published
        for name, state in one.outputs.items()
        if state.version is not None and name.endswith(_MODEL)
    }
    return sorted(made - known)


def find_model(uri: str, models: list[RegisteredModel]) -> RegisteredModel:
    """The version that `models:/name/7` or `models:/name@alias` means; raises `ConfigurationError`."""
    matched = MODEL_URI.fullmatch(uri)
    if matched is None:
        raise ConfigurationError(
            f"`{uri}` names no registered model",
            fix=f"write models:/{SFT_MODEL}/7 or models:/{SFT_MODEL}@{CHAMPION}",
        )
    for model in models:
        is_it = model.version == matched["version"] or matched["alias"] in model.aliases
        if model.name == matched["name"] and is_it:
            return model
    known = ", ".join(
        f"models:/{model.name}/{model.version}" + "".join(f" (@{alias})" for alias in model.aliases)
        for model in models[-10:]
    )
    raise ConfigurationError(f"the registry has no `{uri}`", fix=f"name one that exists: {known or 'none'}")


def _states(tags: Iterable[tuple[str, str]]) -> Iterator[tuple[str, StoredState]]:
    for key, value in tags:
        version, _, digest = value.rpartition(" ")
        if key.startswith(DATA_TAG) and version:
            yield key.removeprefix(DATA_TAG), StoredState(digest, version)


def _sorted(models: list[RegisteredModel]) -> list[RegisteredModel]:
    return sorted(models, key=lambda model: (model.name, int(model.version)))


def _by_tables(store: sqlite3.Connection) -> list[RegisteredModel]:
    tags: dict[tuple[str, int], dict[str, str]] = {}
    for name, version, key, value in store.execute(
        "select name, version, key, value from model_version_tags"
    ):
        tags.setdefault((name, version), {})[key] = value
    aliases: dict[tuple[str, int], list[str]] = {}
    for name, version, alias in store.execute("select name, version, alias from registered_model_aliases"):
        aliases.setdefault((name, version), []).append(alias)
    rows = store.execute(
        "select name, version, source, run_id, creation_time from model_versions where current_stage != ?",
        (_DELETED,),
    )
    return [
        RegisteredModel(
            name,
            str(version),
            source,
            run_id,
            int(created or 0),
            tuple(sorted(aliases.get((name, version), []))),
            tags.get((name, version), {}),
        )
        for name, version, source, run_id, created in rows
    ]


def _by_client() -> list[RegisteredModel]:
    models: list[RegisteredModel] = []
    with registry_client() as client:
        for registered in client.search_registered_models():
            # Only this call gives the aliases of every store.
            aliases: dict[str, Any] = client.get_registered_model(registered.name).aliases
            for found in client.search_model_versions(f"name='{registered.name}'"):
                own = [alias for alias, version in aliases.items() if str(version) == str(found.version)]
                models.append(
                    RegisteredModel(
                        found.name,
                        str(found.version),
                        found.source,
                        found.run_id,
                        int(found.creation_timestamp),
                        tuple(sorted(own)),
                        dict(found.tags),
                    )
                )
    return models
