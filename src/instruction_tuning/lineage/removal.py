"""Deletes versions so that no moment shows half of one: a rename into the trash, then the trash is emptied.

Killed in between, the versions are either where they were or in the trash, which the next deletion empties.
Records of executions go last: a record without its outputs only makes its node run again.
"""

import os
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path

from instruction_tuning.errors import WorkspaceError
from instruction_tuning.incremental.records import ExecutionRecords
from instruction_tuning.lineage.retention import RetentionPlan
from instruction_tuning.lineage.store import DataStore

# Never versioned by the chain, and never deleted, whatever a catalog says.
PROTECTED = ("01_raw", "06_models/microworld_base")


def trash_of(store: DataStore) -> Path:
    """Where a version is between its two ends."""
    return store.data / ".work" / "trash"


def remove(plan: RetentionPlan, store: DataStore, records: ExecutionRecords) -> None:
    """Carry out `plan`; may be repeated. The caller holds the data lock."""
    trash = trash_of(store)
    trash.mkdir(parents=True, exist_ok=True)
    _empty(trash)
    for folder in _folders(plan, store):
        target = trash / uuid.uuid4().hex
        try:
            os.rename(folder, target)
        except FileNotFoundError:
            continue
        shutil.rmtree(target)
    for node, key in plan.records:
        records.remove(node, key)
    _empty(trash)


def _folders(plan: RetentionPlan, store: DataStore) -> Iterable[Path]:
    protected = [(store.data / name).resolve() for name in PROTECTED]
    for (name, version), _ in plan.removable:
        folder = store.places[name] / version
        if any(folder.resolve().is_relative_to(place) for place in protected):
            raise WorkspaceError(
                "raw data and the base model are never deleted", file=folder, fix="delete it yourself"
            )
        yield folder


def _empty(trash: Path) -> None:
    for left in trash.iterdir():
        shutil.rmtree(left)
