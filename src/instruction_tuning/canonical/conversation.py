"""What every format reader makes of a row: turns of a conversation, before any cleaning."""

from collections.abc import Mapping
from dataclasses import dataclass

from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.records import Repair


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
class Conversation:
    """The turns of a row in order, and the repairs that reading them took."""

    turns: tuple[Turn, ...]
    repairs: tuple[Repair, ...] = ()


def text_field(fields: Mapping[str, object], name: str) -> str | Fault:
    """The text in field `name`; null counts as empty. Fault: the field is missing or holds no text."""
    if name not in fields:
        return Fault("missing_field", name, f"the row has {', '.join(map(str, fields)) or 'no fields'}"[:200])
    value = fields[name]
    if value is None:
        return ""
    if not isinstance(value, str):
        return Fault("wrong_type", name, shown(value))
    return value


def shown(value: object) -> str:
    """Type and value for a message; of a container the size only, as it may be huge or nested without end."""
    if isinstance(value, list | dict):
        return f"{type(value).__name__} of {len(value)}"
    return f"{type(value).__name__}: {value!r}"[:200]


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
