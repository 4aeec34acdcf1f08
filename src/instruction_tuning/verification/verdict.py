"""The one signature of all verifiers: (query, response) -> verdict, null where a verifier says nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# A record: record_id, prompt, messages, language, answer, and what else its frame has.
Query = Mapping[Any, Any]


@dataclass(frozen=True)
class Verdict:
    """`score` in [0, 1], up is better; `reason` says what was found or compared.

    `vouches` is false where passing says nothing for the answer: that it is no refusal does not make it
    right.
    """

    score: float
    passed: bool
    reason: str
    vouches: bool = True


Verifier = Callable[[Query, str], Verdict | None]


def fault(reason: str) -> Verdict:
    """A verdict on an answer's form: it is wrong, whatever it says."""
    return Verdict(0.0, False, reason, vouches=False)


def no_fault(reason: str) -> Verdict:
    """A verdict on an answer's form: nothing is wrong with it."""
    return Verdict(1.0, True, reason, vouches=False)
