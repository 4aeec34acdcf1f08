"""What every format reader makes of a row: turns of a conversation, or a document, before any cleaning."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.records import Repair

Verdict = Literal["first", "second", "tie"]


@dataclass(frozen=True, slots=True)
class Part:
    """A text and the field that it came from."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker says: usually one part; an Alpaca instruction has its input as a second."""

    role: str  # system, user or assistant
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Votes:
    """How many voters preferred which of two answers."""

    first: int
    second: int
    tie: int


@dataclass(frozen=True, slots=True)
class Compared:
    """Two answers to one question. `verdict`, `votes` and `scores` are null where they were not measured."""

    first: Part
    second: Part
    verdict: Verdict | None = None
    votes: Votes | None = None
    scores: tuple[float, float] | None = None

    @property
    def preferred(self) -> Part:
        """The better answer; of two that nobody told apart, the first."""
        return self.second if self.verdict == "second" else self.first


@dataclass(frozen=True, slots=True)
class Conversation:
    """The turns of a row in order, the repairs that reading them took, and for preference data what the last
    turn was compared with."""

    turns: tuple[Turn, ...]
    repairs: tuple[Repair, ...] = ()
    compared: Compared | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A text that asks nothing."""

    text: Part
    title: Part | None = None


def text_field(fields: Mapping[str, object], name: str) -> str | Fault:
    """The text in field `name`; null counts as empty. Fault: the field is missing or holds no text."""
    if name not in fields:
        return missing(fields, name)
    value = fields[name]
    if value is None:
        return ""
    if not isinstance(value, str):
        return Fault("wrong_type", name, shown(value))
    return value


def optional_text(fields: Mapping[str, object], name: str) -> str | Fault:
    """As `text_field`, but a missing field counts as empty."""
    return text_field(fields, name) if name in fields else ""


def missing(fields: Mapping[str, object], name: str) -> Fault:
    """The fault of a row without the field `name`: it shows the fields that there are."""
    return Fault("missing_field", name, f"the row has {', '.join(map(str, fields)) or 'no fields'}"[:200])


def first_of(fields: Mapping[str, object], names: tuple[str, ...]) -> str:
    """The first of `names` that the row has; the first of all where it has none."""
    return next((name for name in names if name in fields), names[0])


def shown(value: object) -> str:
    """Type and value for a message; of a container the size only, as it may be huge or nested without end."""
    if isinstance(value, list | dict):
        return f"{type(value).__name__} of {len(value)}"
    try:
        return f"{type(value).__name__}: {value!r}"[:200]
    except ValueError:  # a whole number of thousands of digits
        return type(value).__name__


def check_order(turns: tuple[Turn, ...]) -> Fault | None:
    """Fault unless an optional system turn is followed by user and assistant in turn, user first."""
    spoken = turns[1:] if turns and turns[0].role == "system" else turns
    if not spoken:
        return Fault("turn_order", detail="nobody asks anything")
    for position, turn in enumerate(spoken):
        expected = "user" if position % 2 == 0 else "assistant"
        if turn.role != expected:
            field = turn.parts[0].field if turn.parts else None
            return Fault("turn_order", field, f"turn {position} is {turn.role}, expected {expected}")
    return None
