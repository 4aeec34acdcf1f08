"""Fields that every request has: who, the key of the event, the time that it took."""

import unicodedata

from instruction_tuning.errors import InputError

_LONGEST_NAME = 60
_LONGEST_KEY = 80
_MAX_SECONDS = 86_400.0


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


def read_seconds(given: object) -> float | None:
    """Seconds that a task was in sight; null where that is no sensible number."""
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= _MAX_SECONDS:
        return None
    return round(float(given), 1)
