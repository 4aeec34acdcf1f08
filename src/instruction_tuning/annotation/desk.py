"""What the page may ask for, as plain functions from a request's fields to an answer; no HTTP in here."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from instruction_tuning.annotation.assignment import Board, first_is_left
from instruction_tuning.annotation.events import Event, standing, utc
from instruction_tuning.annotation.sent_fields import read_key, read_name, read_seconds
from instruction_tuning.annotation.store import AnnotationStore
from instruction_tuning.annotation.tasks import KINDS, Task
from instruction_tuning.annotation.values import is_skipped, read_value, starting_value
from instruction_tuning.errors import InputError

Fields = Mapping[str, Any]
NEXT_COMMAND = "kedro run --pipeline=annotation"
_RECENT = 8


@dataclass(frozen=True)
class NotOffered(Exception):
    """The task is not on today's list, and nothing of it is known here."""

    task_id: str


class Desk:
    """One store behind one lock. `tasks_changed` tells whether a newer list of tasks was made meanwhile."""

    def __init__(self, store: AnnotationStore, *, tasks_changed: Callable[[], bool] = lambda: False) -> None:
        self.board = Board(store, time.monotonic)
        self._store = store
        self._tasks_changed = tasks_changed
        self._lock = threading.RLock()

    def sign_in(self, fields: Fields) -> dict[str, Any]:
        """A name, as it will stand in the events."""
        who = read_name(fields.get("who"))
        with self._lock:
            self._store.number_of(who)
            return {"who": who, **self._state(who)}

    def next(self, fields: Fields) -> dict[str, Any]:
        """The next task for a person, of one kind where asked."""
        who, kind = read_name(fields.get("who")), fields.get("kind") or None
        if kind is not None and kind not in KINDS:
            raise InputError(f"`{kind!s:.20}` is no kind", field="kind", fix=f"one of {', '.join(KINDS)}")
        with self._lock:
            self.board.refresh()
            task, holders = self.board.next_task(who, kind)
            return {"task": task and self._shown(task, who), "held_by": holders, **self._state(who)}

    def open(self, fields: Fields) -> dict[str, Any]:
        """A task by its id, to look at or change again."""
        who, task = read_name(fields.get("who")), self._task(fields)
        with self._lock:
            self.board.refresh()
            self.board.hold(task, who)
            return {"task": self._shown(task, who), "held_by": [], **self._state(who)}

    def save(self, fields: Fields) -> dict[str, Any]:
        """Append what a person says of a task; on disk when this returns."""
        who, task, key = read_name(fields.get("who")), self._task(fields), read_key(fields.get("event_key"))
        with self._lock:
            self.board.refresh()
            number = self._store.number_of(who)
            on_left = "first" if first_is_left(task, number) else "second"
            value = read_value(task, _by_answer(fields.get("value"), on_left))
            now = self.board.value(task, who)
            event = Event(
                event_key=key,
                task_id=task.task_id,
                who=who,
                at=self._now(task, who),
                action="skip" if is_skipped(value) else "save",
                before=starting_value(task) if now is None else now,
                after=value,
                seconds=read_seconds(fields.get("seconds")),
                shown_first=on_left if task.kind == "compare" else None,
            )
            sent = self.board.event(key)
            if sent is None:
                self._append(event)
            elif (sent.task_id, sent.who, sent.after) != (task.task_id, who, value):
                raise InputError(
                    "the key of another event was sent", field="event_key", fix="reload the page"
                )
            return {"saved": key, "is_offered": self.board.is_offered(task), **self._state(who)}

    def undo(self, fields: Fields) -> dict[str, Any]:
        """Take back the last thing that a person did here, by a later event; and open that task again."""
        who, key = read_name(fields.get("who")), read_key(fields.get("event_key"))
        with self._lock:
            self.board.refresh()
            sent = self.board.event(key)
            if sent is None:
                here = [event for event in self.board.events_of(who) if event.source == "page"]
                left = standing(here)
                if not left:
                    raise InputError("there is nothing to undo", field="who", fix="save something first")
                sent = self._undo(left[-1], key)
            task = self.board.task(sent.task_id)
            assert task is not None
            self.board.hold(task, who)
            return {"task": self._shown(task, who), "held_by": [], "saved": key, **self._state(who)}

    def _undo(self, last: Event, key: str) -> Event:
        task = self.board.task(last.task_id)
        assert task is not None
        events = [event for event in self.board.events_of(last.who) if event.task_id == last.task_id]
        earlier = [event for event in standing(events) if event.event_key != last.event_key]
        event = replace(
            last,
            event_key=key,
            at=self._now(task, last.who),
            action="undo",
            before=self.board.value(task, last.who) or starting_value(task),
            after=earlier[-1].after if earlier else None,
            seconds=None,
            shown_first=None,
            undoes=last.event_key,
        )
        self._append(event)
        return event

    def _append(self, event: Event) -> None:
        self._store.add([event])
        self.board.refresh()

    def _now(self, task: Task, who: str) -> str:
        """Now, but after the last event of this person, whatever the machine's clock was set to meanwhile."""
        latest, now = self.board.latest(task, who), datetime.now(UTC)
        if latest is not None:
            now = max(now, datetime.fromisoformat(latest.at) + timedelta(microseconds=1))
        return utc(now)

    def _task(self, fields: Fields) -> Task:
        name = str(fields.get("task_id"))
        task = self.board.task(name)
        if task is None:
            raise NotOffered(name)
        return task

    def _state(self, who: str) -> dict[str, Any]:
        latest = [self.board.latest(task, who) for task in self.board.tasks]
        done = sorted(
            (event for event in latest if event is not None and event.after is not None),
            key=lambda event: event.at,
        )
        return {
            "progress": self.board.progress(who),
            "recent": [self._recent(event) for event in reversed(done[-_RECENT:])],
            "tasks_changed": self._tasks_changed(),
            "next_command": NEXT_COMMAND,
        }

    def _recent(self, event: Event) -> dict[str, Any]:
        task, after = self.board.task(event.task_id), event.after or {}
        assert task is not None
        said = "skipped" if is_skipped(after) else after.get("verdict") or after.get("preferred") or "written"
        if task.kind == "compare" and said in ("first", "second"):
            said = "left" if (said == "first") == (event.shown_first == "first") else "right"
        question = task.messages[-1]["content"]
        return {"task_id": task.task_id, "kind": task.kind, "question": question[:120], "said": said}

    def _shown(self, task: Task, who: str) -> dict[str, Any]:
        """What the page gets: never whose answer it is, and two answers in this person's order."""
        value = self.board.value(task, who)
        shown = {"task_id": task.task_id, "kind": task.kind, "messages": task.messages, "value": value}
        if task.kind != "compare":
            return {**shown, "before": task.before}
        is_left = first_is_left(task, self._store.number_of(who))
        left, right = (task.before, task.other) if is_left else (task.other, task.before)
        if value is not None and value.get("preferred") in ("first", "second"):
            side = "left" if (value["preferred"] == "first") == is_left else "right"
            shown["value"] = {**value, "preferred": side}
        return {**shown, "left": left, "right": right}


def _by_answer(value: object, on_left: str) -> object:
    """Left and right of a comparison as first and second."""
    if not isinstance(value, Mapping) or value.get("preferred") not in ("left", "right"):
        return value
    sides = {"left": on_left, "right": "second" if on_left == "first" else "first"}
    return {**value, "preferred": sides[value["preferred"]]}
