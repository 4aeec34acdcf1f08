"""One thing that a person did: who, when, what stood there before and after. Events are only ever added.

The state of (task, person) is the `after` of the latest event; undoing is a later event whose `after` is what
stood there before the one that it undoes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from instruction_tuning.annotation.values import Value
from instruction_tuning.errors import InputError

Action = Literal["save", "skip", "undo"]
ACTIONS = ("save", "skip", "undo")


@dataclass(frozen=True)
class Event:
    """`event_key` is unique and chosen by the sender, so that sending twice adds once.

    `at` is UTC (ISO 8601 with microseconds). `after` is null where an undo leaves nothing. `seconds` is the
    time that the task was in sight, null where nobody measured it. `shown_first` says which answer of a
    comparison stood on the left. `undoes` is the key of another event. `source`: page, label_studio.
    """

    event_key: str
    task_id: str
    who: str
    at: str
    action: Action
    before: Value
    after: Value | None
    seconds: float | None = None
    shown_first: str | None = None
    undoes: str | None = None
    source: str = "page"


def utc(moment: datetime) -> str:
    """`moment` in the one form whose order as text is the order in time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def read_time(text: object) -> str:
    """An ISO 8601 time in that form; without a zone it is UTC. Raises `InputError`."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise InputError(
            f"`{text!s:.40}` is no time",
            field="created_at",
            fix="write ISO 8601, such as 2026-01-31T12:00:00Z",
        ) from None
    return utc(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def current_events(events: Iterable[Event]) -> dict[tuple[str, str], Event]:
    """The latest event of each (task, person); of equal times the one that was added later."""
    latest: dict[tuple[str, str], Event] = {}
    for event in events:
        key = event.task_id, event.who
        if key not in latest or event.at >= latest[key].at:
            latest[key] = event
    return latest


def standing(events: Iterable[Event]) -> list[Event]:
    """Of one person's events those that are no undoing and were not undone, oldest first."""
    mine = sorted(events, key=lambda event: event.at)
    undone = {event.undoes for event in mine}
    return [event for event in mine if event.action != "undo" and event.event_key not in undone]
