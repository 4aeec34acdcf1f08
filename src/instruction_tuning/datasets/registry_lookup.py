"""What the registry knows of an alias, asked in the cheapest way.

A store in a sqlite file is asked directly, in a millisecond: importing MLflow takes seconds, and a run in
which nothing has to run shall not. Any other store, or another layout of its tables, goes by MLflow's client.
"""

import os
import sqlite3
from contextlib import suppress

from instruction_tuning.datasets.registry_client import TRACKING_URI, registry_client
from instruction_tuning.datasets.registry_store import DIGEST_TAG, read_only, sqlite_file

_ALIASED = """
    select alias.version, tag.value
    from registered_model_aliases as alias
    left join model_version_tags as tag
        on tag.name = alias.name and tag.version = alias.version and tag.key = ?
    where alias.name = ? and alias.alias = ?
"""
_NOT_THERE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


def aliased_version(name: str, alias: str) -> tuple[str, str | None] | None:
    """Version and digest of registered model `name` that carries `alias`; null where there is none."""
    file = sqlite_file(os.environ.get(TRACKING_URI, ""))
    if file is None:
        return _aliased_by_client(name, alias)
    if not file.exists():
        return None
    with suppress(sqlite3.Error), read_only(file) as store:
        found = store.execute(_ALIASED, (DIGEST_TAG, name, alias)).fetchone()
        return None if found is None else (str(found[0]), found[1])
    return _aliased_by_client(name, alias)


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
