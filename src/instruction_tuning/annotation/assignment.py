"""Who gets which task, in which order two answers stand, and how far everybody is.

A task is offered until `annotators` people have done it; one that is open on somebody's page counts as done
for `HOLD_SECONDS`, so that two people do not do the last one twice. Passing over is not doing.

Order of two answers: people are numbered, tasks have a bit; the first answer stands on the left where bit +
number is even. So each person sees the first answer on the left in half of the tasks, and the people with
neighbouring numbers always see opposite orders of the same pair.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from instruction_tuning.annotation.events import Event
from instruction_tuning.annotation.store import AnnotationStore
from instruction_tuning.annotation.tasks import KINDS, Task
from instruction_tuning.annotation.values import Value, is_skipped

HOLD_SECONDS = 900.0


def first_is_left(task: Task, number: int) -> bool:
    """Whether person `number` sees the task's first answer on the left."""
    return (int(task.task_id, 16) + number) % 2 == 0


@dataclass
class Board:
    """The tasks that are offered and what has become of them; events of other processes are read in."""

    store: AnnotationStore
    clock: Callable[[], float]
    tasks: Sequence[Task] = ()
    _events: dict[str, Event] = field(default_factory=dict)
    _latest: dict[tuple[str, str], Event] = field(default_factory=dict)
    _people: dict[str, set[str]] = field(default_factory=dict)
    _read: int = 0
    _held: dict[str, dict[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tasks = self.store.tasks(listed=True)
        self._by_id = {task.task_id: task for task in self.store.tasks(listed=False)}
        self.refresh()

    def refresh(self) -> None:
        """Take in the events that were added since the last look."""
        for number, event in self.store.events(after=self._read):
            self._read = number
            self._events[event.event_key] = event
            key = event.task_id, event.who
            if key not in self._latest or event.at >= self._latest[key].at:
                self._latest[key] = event
            self._people.setdefault(event.task_id, set()).add(event.who)

    def task(self, task_id: str) -> Task | None:
        """A task by its id, also one that is not offered any more."""
        return self._by_id.get(task_id)

    def is_offered(self, task: Task) -> bool:
        """Whether `task` is on today's list."""
        return any(task.task_id == one.task_id for one in self.tasks)

    def events_of(self, who: str) -> list[Event]:
        """All that `who` did, oldest first."""
        return sorted(
            (event for event in self._events.values() if event.who == who), key=lambda event: event.at
        )

    def event(self, event_key: str) -> Event | None:
        """An event by its key."""
        return self._events.get(event_key)

    def latest(self, task: Task, who: str) -> Event | None:
        """The last thing that `who` did with `task`."""
        return self._latest.get((task.task_id, who))

    def value(self, task: Task, who: str) -> Value | None:
        """What `who` says of `task` now; null where nothing, or it was undone."""
        event = self.latest(task, who)
        return None if event is None else event.after

    def next_task(self, who: str, kind: str | None) -> tuple[Task | None, list[str]]:
        """The next task for `who`, of `kind` where given; and who has the others open, where none is free."""
        holders: set[str] = set()
        for task in self.tasks:
            if (kind and task.kind != kind) or self.value(task, who) is not None:
                continue
            done = self.done_by(task)
            holding = self._holding(task, who) - done
            if len(done) >= task.annotators:
                continue
            if len(done | holding) >= task.annotators:
                holders |= holding
                continue
            self.hold(task, who)
            return task, []
        return None, sorted(holders)

    def hold(self, task: Task, who: str) -> None:
        """`task` is open on the page of `who`, and nothing else is."""
        for held in self._held.values():
            held.pop(who, None)
        self._held.setdefault(task.task_id, {})[who] = self.clock()

    def done_by(self, task: Task) -> set[str]:
        """Who has done `task`."""
        people = self._people.get(task.task_id, ())
        values = {who: self.value(task, who) for who in people}
        return {who for who, value in values.items() if value is not None and not is_skipped(value)}

    def progress(self, who: str | None) -> dict[str, Any]:
        """For each kind that is offered, and for all: annotations wanted, there, and mine; skipped by me."""
        rows: list[dict[str, Any]] = []
        for kind in KINDS:
            tasks = [task for task in self.tasks if task.kind == kind]
            if not tasks:
                continue
            mine = [self.value(task, who) for task in tasks] if who else []
            rows.append(
                {
                    "kind": kind,
                    "tasks": len(tasks),
                    "wanted": sum(task.annotators for task in tasks),
                    "done": sum(min(len(self.done_by(task)), task.annotators) for task in tasks),
                    "mine": sum(value is not None and not is_skipped(value) for value in mine),
                    "skipped": sum(is_skipped(value) for value in mine),
                }
            )
        names = ("tasks", "wanted", "done", "mine", "skipped")
        totals = {name: sum(int(row[name]) for row in rows) for name in names}
        return {"kinds": rows, "all": totals}

    def _holding(self, task: Task, who: str) -> set[str]:
        until = self.clock() - HOLD_SECONDS
        held = self._held.get(task.task_id, {})
        return {other for other, since in held.items() if other != who and since >= until}
