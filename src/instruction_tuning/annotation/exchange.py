"""Annotations out of a store and into it: our events as JSON lines, and Label Studio's JSON.

Our line is an event with its task, so that stores of several machines can be put together: what has the same
`event_key` is the same event.
"""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from instruction_tuning.annotation.event_rows import event_row, read_event
from instruction_tuning.annotation.events import Event
from instruction_tuning.annotation.label_studio import label_studio_tasks, labelling_configuration
from instruction_tuning.annotation.label_studio_import import SetAside, read_label_studio
from instruction_tuning.annotation.store import AnnotationStore
from instruction_tuning.annotation.tasks import KINDS, Task, task_id
from instruction_tuning.errors import InputError, WorkspaceError

EVENTS_FILE = "annotation_events.jsonl"


@dataclass(frozen=True)
class Imported:
    """What became of a file's rows: added now, there already, and set aside."""

    added: int
    known: int
    aside: list[SetAside]


def export_annotations(store: AnnotationStore, folder: Path) -> list[Path]:
    """Write the events, and for Label Studio a folder a kind; returns the files.

    Tasks that are not offered any more go with what was done on them.
    """
    tasks = {task.task_id: task for task in store.tasks(listed=False)}
    events = [event for _, event in store.events()]
    lines = [
        json.dumps({**event_row(event), "task": asdict(tasks[event.task_id])}, ensure_ascii=False)
        for event in events
    ]
    written = {folder / EVENTS_FILE: "".join(f"{line}\n" for line in lines)}
    worked_on = {event.task_id for event in events}
    listed = {task.task_id for task in store.tasks(listed=True)}
    exported = [task for name, task in tasks.items() if name in listed | worked_on]
    for kind, rows in label_studio_tasks(exported, events).items():
        place = folder / "label_studio" / kind
        written[place / "tasks.json"] = json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
        written[place / "labelling_config.xml"] = labelling_configuration(kind)
    try:
        for file, text in written.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WorkspaceError(
            f"the export cannot be written: {error.strerror}", file=error.filename, fix="name another folder"
        ) from error
    return list(written)


def import_annotations(store: AnnotationStore, file: Path) -> Imported:
    """Add what `file` holds: a JSON array from Label Studio, or our JSON lines."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise InputError(f"the file cannot be read: {reason}", file=file, fix="check the path") from error
    if text.lstrip().startswith("["):
        tasks = {task.task_id: task for task in store.tasks(listed=False)}
        events, aside = read_label_studio(_array(text, file), tasks, file=file)
    else:
        events, aside, tasks = _read_lines(text, file)
        store.keep_tasks(tasks.values())
    added = store.add(events)
    return Imported(added, len(events) - added, aside)


def _array(text: str, file: Path) -> list[Any]:
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise InputError(f"the file is no JSON: {error}", file=file, fix="export it again") from error
    assert isinstance(rows, list)
    return rows


def _read_lines(text: str, file: Path) -> tuple[list[Event], list[SetAside], dict[str, Task]]:
    events: list[Event] = []
    aside: list[SetAside] = []
    tasks: dict[str, Task] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        row: Any = line
        try:
            row = json.loads(line)
            task = _task(row)
            event = read_event({name: value for name, value in row.items() if name != "task"}, task)
        except (InputError, ValueError, RecursionError) as error:
            field = error.field if isinstance(error, InputError) else None
            problem = error.problem if isinstance(error, InputError) else f"no JSON: {error}"
            aside.append(SetAside(file.name, f"line {number}", field or "", problem, row))
            continue
        tasks.setdefault(task.task_id, task)
        events.append(event)
    return events, aside, tasks


def _task(row: Any) -> Task:
    given = row.get("task") if isinstance(row, dict) else None
    names = {field.name for field in fields(Task)}
    if not isinstance(given, dict) or set(given) != names or given["kind"] not in KINDS:
        raise InputError("the line has no whole task", field="task", fix="export it again")
    try:
        name = task_id(given["kind"], given["messages"], given["before"], given["other"])
    except (TypeError, KeyError):
        name = None
    if name != given["task_id"]:
        raise InputError(
            "the task's id is not that of its content", field="task.task_id", fix="export it again"
        )
    return Task(**given)
