"""Events as JSON objects, out and in: in a file of ours, and in a task's data at Label Studio."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from instruction_tuning.annotation.events import ACTIONS, Event, read_time
from instruction_tuning.annotation.sent_fields import is_seconds, read_name
from instruction_tuning.annotation.tasks import Task
from instruction_tuning.annotation.values import read_value, starting_value
from instruction_tuning.errors import InputError


def event_row(event: Event) -> dict[str, Any]:
    """What `read_event` reads."""
    return asdict(event)


def read_event(row: Mapping[str, Any], task: Task) -> Event:
    """The event on `task` that `row` is. Raises `InputError` naming the field."""
    if set(row) != {field.name for field in fields(Event)}:
        raise InputError("the line is no whole event", field="event_key", fix="export it again")
    if row["task_id"] != task.task_id or row["action"] not in ACTIONS:
        raise InputError("the line is no whole event", field="event_key", fix="export it again")
    if not isinstance(row["event_key"], str) or not row["event_key"]:
        raise InputError("the event has no key", field="event_key", fix="export it again")
    seconds = row["seconds"]
    if seconds is not None and not is_seconds(seconds):
        raise InputError(f"`{seconds!s:.40}` is no number of seconds", field="seconds", fix="export it again")
    if row["shown_first"] not in (None, "first", "second") or not isinstance(row["undoes"], str | None):
        raise InputError("the line is no whole event", field="shown_first", fix="export it again")
    before = row["before"]
    if before != starting_value(task):
        before = read_value(task, before)
    return Event(
        event_key=row["event_key"],
        task_id=task.task_id,
        who=read_name(row["who"]),
        at=read_time(row["at"]),
        action=row["action"],
        before=before,
        after=None if row["after"] is None else read_value(task, row["after"]),
        seconds=None if seconds is None else float(seconds),
        shown_first=row["shown_first"],
        undoes=row["undoes"],
        source=str(row["source"]),
    )
