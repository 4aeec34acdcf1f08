"""Numbers with their nouns, and times."""

import math
from collections import Counter
from collections.abc import Iterable


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 answer`, `2,000 answers`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def tally(values: Iterable[object]) -> str:
    """`passed 1010, failed 118`, the most frequent first; empty without values."""
    return ", ".join(f"{value} {count}" for value, count in Counter(values).most_common())


def duration_text(seconds: float) -> str:
    """`40 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{math.ceil(seconds)} s"
    return f"{math.ceil(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
