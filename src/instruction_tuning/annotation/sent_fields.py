"""Fields that every request has: who, the key of the event, the time that it took."""

import unicodedata
from typing import TypeGuard

from instruction_tuning.errors import InputError

_LONGEST_NAME = 60
_LONGEST_KEY = 80
_MAX_SECONDS = 86_400.0
_MAX_SPAN_SECONDS = 1e9  # what another program measured may hold nights and weekends


def read_name(given: object) -> str:
    """A person's name in one spelling. Raises `InputError`."""
    name = unicodedata.normalize("NFC", given).strip() if isinstance(given, str) else ""
    unseen = any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") for letter in name)
    if not name or len(name) > _LONGEST_NAME or unseen:
        raise InputError(
            "a name is needed",
            field="who",
            fix=f"1 to {_LONGEST_NAME} visible characters, the same every time",
        )
    return name


def read_key(key: object) -> str:
    """A key that the sender made up. Raises `InputError`."""
    if not isinstance(key, str) or not 8 <= len(key) <= _LONGEST_KEY or not key.isprintable():
        raise InputError(
            "the event has no key", field="event_key", fix="send a fresh random text with each event"
        )
    return key


def is_seconds(given: object) -> TypeGuard[int | float]:
    """Whether it is a number that seconds can be."""
    return isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given <= _MAX_SPAN_SECONDS


def read_seconds(given: object) -> float | None:
    """Seconds that a task was in sight; null where that is no sensible number."""
    return round(float(given), 1) if is_seconds(given) and given <= _MAX_SECONDS else None
