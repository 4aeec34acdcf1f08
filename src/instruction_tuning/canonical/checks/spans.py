"""Where a check found something, and the cheap test before a regular expression.

Every check is linear in the length of the text: repetitions are bounded or possessive, and none is nested.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

Span = tuple[int, int]
Search = Callable[[str], Span | None]
# Whether a text, given in lower case, is worth a search.
Gate = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class TextCheck:
    """A check on one text, whoever says it."""

    name: str
    search: Search


@dataclass(frozen=True, slots=True)
class GatedChecks:
    """Checks that share what has to be in a text before any of them can find something."""

    gate: Gate
    checks: tuple[TextCheck, ...]


@dataclass(frozen=True, slots=True)
class ExchangeCheck:
    """A check on a question and its answer (empty where there is none yet).

    `gate` looks at the answer, or at the question if `in_question`.
    """

    name: str
    search: Callable[[str, str], Span | None]
    gate: Gate
    in_question: bool = False


def any_of(*needles: str) -> Gate:
    """Whether one of `needles`, in lower case, is there; plain texts are only asked for the plain ones."""
    plain = tuple(needle for needle in needles if needle.isascii())
    other = tuple(needle for needle in needles if not needle.isascii())

    def gate(lowered: str) -> bool:
        # Loops: a generator costs more than most of these searches.
        for needle in plain:
            if needle in lowered:
                return True
        if lowered.isascii():
            return False
        for needle in other:  # noqa: SIM110
            if needle in lowered:
                return True
        return False

    return gate


def first_match(pattern: re.Pattern[str]) -> Search:
    """A search for the first match of `pattern`."""

    def search(text: str) -> Span | None:
        found = pattern.search(text)
        return found.span() if found else None

    return search
