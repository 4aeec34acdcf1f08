"""Events with their tasks as a frame, and the annotations that stand at the end of them.

Rows of `annotation_events` hold the event (`before` and `after` as JSON text) and the task (`task`, JSON).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from instruction_tuning.annotation.events import Event, current_events
from instruction_tuning.annotation.store import AnnotationStore
from instruction_tuning.annotation.tasks import Task
from instruction_tuning.annotation.values import Value, is_skipped

COLUMNS = [
    *("event_key", "task_id", "who", "at", "action", "before", "after", "seconds", "shown_first", "undoes"),
    *("source", "task"),
]


@dataclass(frozen=True)
class Annotation:
    """What one person says of one task now."""

    task: Task
    who: str
    at: str
    value: Value
    seconds: float | None
    shown_first: str | None

    @property
    def skipped(self) -> bool:
        return is_skipped(self.value)


def events_frame(store: AnnotationStore) -> pd.DataFrame:
    """All events, oldest first, each with its task."""
    tasks = {task.task_id: task.to_json() for task in store.tasks(listed=False)}
    rows = [
        {
            **vars(event),
            "before": json.dumps(event.before, ensure_ascii=False),
            "after": None if event.after is None else json.dumps(event.after, ensure_ascii=False),
            "task": tasks[event.task_id],
        }
        for _, event in store.events()
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.astype({name: "str" for name in COLUMNS if name != "seconds"} | {"seconds": "float64"})


def current_annotations(annotation_events: pd.DataFrame) -> list[Annotation]:
    """What stands now, by the order of work and the name; what was undone does not."""
    rows = annotation_events.astype(object).where(annotation_events.notna(), None).to_dict(orient="records")
    events = [_event({str(name): value for name, value in row.items()}) for row in rows]
    tasks = {row["task_id"]: Task.from_json(row["task"]) for row in rows}
    latest = current_events(events)
    seconds = _seconds_by_annotation(events)
    # Of an undo, as it stood when the value that came back was given; a person always sees one order.
    shown = {(event.task_id, event.who): event.shown_first for event in events if event.shown_first}
    standing = [
        Annotation(
            tasks[event.task_id],
            event.who,
            event.at,
            event.after,
            seconds.get(key),
            event.shown_first or shown.get(key),
        )
        for key, event in latest.items()
        if event.after is not None
    ]
    return sorted(standing, key=lambda one: (one.task.position, one.task.task_id, one.who))


def _event(row: dict[str, Any]) -> Event:
    after = None if row["after"] is None else json.loads(row["after"])
    fields = {name: value for name, value in row.items() if name not in ("task", "before", "after")}
    return Event(before=json.loads(row["before"]), after=after, **fields)


def _seconds_by_annotation(events: Iterable[Event]) -> dict[tuple[str, str], float]:
    """All the time that a person spent on a task, changes included; what nobody measured is left out."""
    total: dict[tuple[str, str], float] = {}
    for event in events:
        if event.seconds is not None:
            key = event.task_id, event.who
            total[key] = total.get(key, 0.0) + event.seconds
    return total
