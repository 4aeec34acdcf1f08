"""What people did with a record's answers on the page of `kedro annotate`, and what became of it.

Events have no versions, and the id of a record is a digest of what it says: they are told as they stand now,
whichever versions of the data are asked about. What became of them is what pipeline `annotation` made last.
"""

import json
from collections.abc import Collection, Iterable
from typing import Any

import pandas as pd

from instruction_tuning.annotation.annotations import Annotation, current_annotations
from instruction_tuning.annotation.tasks import WRITTEN
from instruction_tuning.lineage.rows import column_names, find_rows
from instruction_tuning.lineage.store import DataStore

Story = dict[str, Any]
GOLD, VERDICTS, PAIRS = "gold_answers", "annotation_verdicts", "annotated_pairs"
READ_AGAIN = "canonical_instructions"


def annotations_of(
    record_id: str, original_ids: Collection[str], events: pd.DataFrame, store: DataStore
) -> list[Story]:
    """What each person did with each task on the record, by the order of work.

    A record that ingestion read from gold answers or annotated pairs calls itself by theirs (`original_ids`):
    then that task is told, which is on another record. `value` is null where all was undone, `outcome` where
    it was not collected yet.
    """
    if events.empty:
        return []
    tasks = {
        str(name): json.loads(text) for name, text in zip(events["task_id"], events["task"], strict=True)
    }
    made_from = set(original_ids) | {row["task_id"] for row in _newest(store, GOLD, "gold_id", original_ids)}
    mine = {name for name, task in tasks.items() if task["record_id"] == record_id or name in made_from}
    about = events[events["task_id"].isin(list(mine))]
    outcomes = _Outcomes(store, mine)
    standing = {(one.task.task_id, one.who): one for one in current_annotations(about)}
    told = []
    for (name, who), own in about.groupby(["task_id", "who"]):
        task, now = tasks[str(name)], standing.get((str(name), str(who)))
        told.append(
            {key: task[key] for key in ("task_id", "kind", "record_id", "before_id", "other_id", "position")}
            | {"who": str(who), "at": str(own["at"].max()), "events": len(own)}
            | {"before": task["before"], "value": now.value if now else None}
            | {"outcome": outcomes.of(now) if now else None}
        )
    return sorted(told, key=lambda one: (one["position"], one["task_id"], one["who"]))


class _Outcomes:
    """What the newest outcome of pipeline `annotation` has of some tasks."""

    def __init__(self, store: DataStore, tasks: Collection[str]) -> None:
        self._rows = {
            (str(row["task_id"]), str(row["who"]), str(row["at"])): row
            for name in (GOLD, VERDICTS)
            for row in _newest(store, name, "task_id", tasks)
        }
        self._pairs = {row["pair_id"] for row in _newest(store, PAIRS, "pair_id", tasks)}
        names = [row["gold_id"] for row in self._rows.values() if "gold_id" in row]
        self._read = {
            str(row["original_id"]): str(row["record_id"])
            for row in _newest(store, READ_AGAIN, "original_id", [*names, *self._pairs])
        }

    def of(self, one: Annotation) -> Story | None:
        """Null where this annotation, as it stands now, was not collected yet."""
        row = self._rows.get((one.task.task_id, one.who, one.at))
        if row is None:
            return None
        if one.task.kind in WRITTEN:
            kept = {name: row[name] for name in ("gold_id", "status", "is_changed")}
            return kept | {"read_again_as": self._read.get(row["gold_id"])}
        in_pairs = one.task.task_id in self._pairs
        read = self._read.get(one.task.task_id) if in_pairs else None
        return {"majority": row["majority"], "in_annotated_pairs": in_pairs, "read_again_as": read}


def _newest(store: DataStore, name: str, key: str, values: Iterable[str]) -> list[Story]:
    """The rows of the newest version; none where there is none, or it is older than the column."""
    path, wanted = store.path(name, store.newest(name)), list(values)
    if path is None or not wanted or key not in column_names(path):
        return []
    return find_rows(path, key, wanted)
