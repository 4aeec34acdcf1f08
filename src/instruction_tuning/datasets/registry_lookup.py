"""What the registry knows of an alias and of a digest, asked in the cheapest way.

A store in a sqlite file is asked directly, in a millisecond: importing MLflow takes seconds, and a run in
which nothing has to run shall not. Any other store, or another layout of its tables, goes by MLflow's client.
"""

import os
import sqlite3
from contextlib import suppress
from typing import Any

from instruction_tuning.datasets.registry_client import TRACKING_URI, registry_client
from instruction_tuning.datasets.registry_store import DIGEST_TAG, read_only, sqlite_file

_ALIASED = """
    select alias.version, tag.value
    from registered_model_aliases as alias
    left join model_version_tags as tag
        on tag.name = alias.name and tag.version = alias.version and tag.key = ?
    where alias.name = ? and alias.alias = ?
"""
# The newest version that is not deleted, a row for each of its aliases.
_OF_DIGEST = """
    select tag.version, alias.alias
    from model_version_tags as tag
    join model_versions as version on version.name = tag.name and version.version = tag.version
    left join registered_model_aliases as alias on alias.name = tag.name and alias.version = tag.version
    where tag.name = ? and tag.key = ? and tag.value = ? and version.current_stage != 'Deleted_Internal'
    order by tag.version desc, alias.alias
"""
_NOT_THERE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


def aliased_version(name: str, alias: str) -> tuple[str, str | None] | None:
    """Version and digest of registered model `name` that carries `alias`; null where there is none."""
    rows = _rows(_ALIASED, (DIGEST_TAG, name, alias))
    if rows is None:
        return _aliased_by_client(name, alias)
    return (str(rows[0][0]), rows[0][1]) if rows else None


def version_of_digest(name: str, digest: str) -> tuple[str, list[str]] | None:
    """The newest version of registered model `name` with these weights, and its aliases; null."""
    rows = _rows(_OF_DIGEST, (name, DIGEST_TAG, digest))
    if rows is None:
        return _of_digest_by_client(name, digest)
    newest = [alias for version, alias in rows if version == rows[0][0] and alias is not None]
    return (str(rows[0][0]), newest) if rows else None


def _rows(query: str, values: tuple[str, ...]) -> list[tuple[Any, ...]] | None:
    """What the store's file has, nothing where it is not made yet; null where only the client can tell."""
    file = sqlite_file(os.environ.get(TRACKING_URI, ""))
    if file is None:
        return None
    if not file.exists():
        return []
    with suppress(sqlite3.Error), read_only(file) as store:
        return store.execute(query, values).fetchall()
    return None


def _of_digest_by_client(name: str, digest: str) -> tuple[str, list[str]] | None:
    with registry_client() as client:
        found = client.search_model_versions(f"name='{name}' AND tags.`{DIGEST_TAG}` = '{digest}'")
        # Not every store filters by tags.
        of_digest = [int(one.version) for one in found if one.tags.get(DIGEST_TAG) == digest]
        newest = max(of_digest, default=None)
        if newest is None:
            return None
        aliases = client.get_registered_model(name).aliases
        return str(newest), sorted(alias for alias, version in aliases.items() if int(version) == newest)


def _aliased_by_client(name: str, alias: str) -> tuple[str, str | None] | None:
    with registry_client() as client:
        from mlflow.exceptions import MlflowException

        try:
            found = client.get_model_version_by_alias(name, alias)
        except MlflowException as error:
            if error.error_code in _NOT_THERE:
                return None
            raise
        return str(found.version), found.tags.get(DIGEST_TAG)
