"""Label Studio's JSON export as events. What cannot be read is set aside with its place and the reason.

An annotation is `{"id", "completed_by", "created_at", "updated_at", "lead_time", "was_cancelled", "result"}`;
`result` is a list of `{"from_name", "type", "value"}` with the value of a text area (`text`), choices
(`choices`), a rating (`rating`) or a pair (`selected`: left or right). A cancelled annotation is a skipped
task. `completed_by` is a number, an e-mail address, or an object with either. Importing a file twice adds
nothing; a later export of a changed annotation adds an event.

What we had exported comes home from `data.events`. An annotation that one of those events left is told by its
number (`id`, or `import_id` once Label Studio has given it another): unchanged it is that event, changed a
new one, with what the other had left before it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instruction_tuning.annotation.event_rows import read_event
from instruction_tuning.annotation.events import Event, read_time
from instruction_tuning.annotation.label_studio import PREFERRED, REASON, TIE, TIE_CHOICE, annotation_number
from instruction_tuning.annotation.sent_fields import is_seconds, read_name
from instruction_tuning.annotation.tasks import Task
from instruction_tuning.annotation.values import Value, is_skipped, read_value, starting_value
from instruction_tuning.errors import InputError

_VALUES = {"textarea": "text", "choices": "choices", "rating": "rating", "pairwise": "selected"}
_ANNOTATIONS = "annotations"


@dataclass(frozen=True)
class SetAside:
    """A row that could not be read: file, task and field say where, `row` is it."""

    file: str
    task: str
    field: str
    reason: str
    row: Any


def read_label_studio(
    rows: list[Any], tasks: Mapping[str, Task], *, file: Path
) -> tuple[list[Event], list[SetAside]]:
    """The events of an export, and what was set aside; together every annotation of the file, once."""
    events: list[Event] = []
    aside: list[SetAside] = []
    for place, row in enumerate(rows):
        name = f"row {place}"
        try:
            task = _task(row, tasks)
        except InputError as error:
            aside.append(SetAside(file.name, name, error.field or "", error.problem, row))
            continue
        where = f"{task.task_id} ({name})"
        earlier: dict[int, Event] = {}
        for one in row["data"].get("events") or []:
            try:
                event = _own_event(one, task)
                earlier[annotation_number(event)] = event
                events.append(event)
            except InputError as error:
                field = f"data.events: {error.field}"
                aside.append(SetAside(file.name, where, field, error.problem, one))
        for annotation in row[_ANNOTATIONS]:
            try:
                event = _event(annotation, task, row["data"], earlier)
            except InputError as error:
                aside.append(SetAside(file.name, where, error.field or "", error.problem, annotation))
                continue
            if event not in earlier.values():
                events.append(event)
    return events, aside


def _own_event(row: Any, task: Task) -> Event:
    if not isinstance(row, dict):
        raise InputError("the line is no whole event", field="event_key", fix="export it again")
    return read_event(row, task)


def _task(row: Any, tasks: Mapping[str, Task]) -> Task:
    data = row.get("data") if isinstance(row, dict) else None
    if not isinstance(data, dict):
        raise InputError("the row has no `data`", field="data", fix="export as JSON (not JSON-MIN)")
    name = data.get("task_id")
    task = tasks.get(name) if isinstance(name, str) else None
    if task is None:
        raise InputError(
            f"`{name!s:.40}` is no task of this store",
            field="data.task_id",
            fix="import where it was exported",
        )
    if not isinstance(data.get("events", []), list):
        raise InputError("`data.events` is no list", field="data.events", fix="export it again")
    if not isinstance(row.get(_ANNOTATIONS), list):
        raise InputError("`annotations` is no list", field=_ANNOTATIONS, fix="export as JSON (not JSON-MIN)")
    return task


def _event(annotation: Any, task: Task, data: Mapping[str, Any], earlier: Mapping[int, Event]) -> Event:
    """One of `earlier` where the annotation is what that one left."""
    if not isinstance(annotation, dict):
        raise _wrong(_ANNOTATIONS, "an annotation is no object")
    left = data.get("left_is")
    if task.kind == "compare" and left not in ("first", "second"):
        raise _wrong("data.left_is", f"is `{left!s:.40}`, so nobody knows which answer stood on the left")
    if annotation.get("was_cancelled") is True:
        given: dict[str, Any] = {"skipped": True}
    else:
        given = _given(task, _fields(annotation.get("result")), left)
    value = read_value(task, given)
    number = annotation.get("import_id", annotation.get("id"))
    came_from = earlier.get(number) if isinstance(number, int) else None
    if came_from is not None and came_from.after is not None and _same(came_from.after, value):
        return came_from
    who = _who(annotation.get("completed_by"))
    at = read_time(annotation.get("updated_at") or annotation.get("created_at"))
    seconds = annotation.get("lead_time")
    if seconds is not None and not is_seconds(seconds):
        raise _wrong("lead_time", f"is `{seconds!s:.40}`, not a number of seconds")
    content = [task.task_id, who, at, value, annotation.get("id")]
    digest = hashlib.sha256(json.dumps(content, ensure_ascii=False, default=str).encode()).hexdigest()
    return Event(
        event_key=f"label_studio:{digest[:32]}",
        task_id=task.task_id,
        who=who,
        at=at,
        action="skip" if given.get("skipped") else "save",
        before=starting_value(task) if came_from is None or came_from.after is None else came_from.after,
        after=value,
        seconds=None if seconds is None else float(seconds),
        shown_first=left if task.kind == "compare" else None,
        source="label_studio",
    )


def _same(one: Value, other: Value) -> bool:
    """Why a task was skipped is not kept there."""
    return one == other or (is_skipped(one) and is_skipped(other))


def _who(given: Any) -> str:
    """An address or name as it is; a bare number with where it is from: numbers are of one server only."""
    if isinstance(given, dict):
        given = given.get("email") or given.get("id")
    if isinstance(given, int) and not isinstance(given, bool):
        return f"label studio {given}"
    try:
        return read_name(given)
    except InputError:
        raise _wrong("completed_by", f"is `{given!s:.40}`, so nobody knows who it was") from None


def _fields(result: Any) -> dict[str, Any]:
    """`result` by the names of the controls."""
    if not isinstance(result, list):
        raise _wrong("result", "is no list")
    fields: dict[str, Any] = {}
    for place, region in enumerate(result):
        where = f"result[{place}]"
        if not isinstance(region, dict) or not isinstance(region.get("value"), dict):
            raise _wrong(where, "has no value")
        kind = str(region.get("type"))
        if kind not in _VALUES:
            raise _wrong(f"{where}.type", f"is `{kind:.40}`, which no task asks for")
        value = region["value"].get(_VALUES[kind])
        name = str(region.get("from_name"))
        if name in fields:
            raise _wrong(f"{where}.from_name", f"`{name:.40}` is there twice")
        fields[name] = _single(value, where) if kind in ("textarea", "choices") else value
    return fields


def _single(value: Any, where: str) -> str:
    """The one text of a list; a text area may also give the text itself."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or len(texts) != 1 or not isinstance(texts[0], str):
        raise _wrong(f"{where}.value", f"is `{value!s:.40}`, not one text")
    return texts[0]


def _given(task: Task, fields: Mapping[str, Any], left: Any) -> dict[str, Any]:
    """The fields in the form that `read_value` checks."""
    if task.kind != "compare":
        return dict(fields)
    side, is_tie = fields.get(PREFERRED), fields.get(TIE) == TIE_CHOICE
    if side not in ("left", "right", None) or (side is None) != is_tie:
        raise _wrong(
            PREFERRED, f"is `{side!s:.40}`{' and a tie' if is_tie else ''}; one of left, right or a tie"
        )
    right = "second" if left == "first" else "first"
    preferred = "tie" if is_tie else left if side == "left" else right
    return {"preferred": preferred, "reason": fields.get(REASON)}


def _wrong(field: str, problem: str) -> InputError:
    return InputError(problem, field=field, fix="correct it there and export again")
