"""All checks of one answer, in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from instruction_tuning.verification.answer_format import format_fault
from instruction_tuning.verification.arithmetic import asked_value, stated_value
from instruction_tuning.verification.verdict import Query, Verifier

Check = Literal["passed", "failed", "none"]


@dataclass(frozen=True)
class CheckedAnswer:
    """`check` is none where nothing can be known; `detail` says what was found or compared."""

    check: Check
    detail: str | None


def check_response(query: Query, response: str, verifiers: Sequence[Verifier]) -> CheckedAnswer:
    """As `check_answer`, and where that finds no fault, by each of `verifiers` until one does.

    An answer has passed where one that vouches for it says so and none finds a fault.
    """
    checked = check_answer(str(query["prompt"]), response)
    for verifier in verifiers:
        if checked.check == "failed":
            return checked
        verdict = verifier(query, response)
        if verdict is None:
            continue
        if not verdict.passed:
            return CheckedAnswer("failed", verdict.reason)
        if checked.check == "none" and verdict.vouches:
            checked = CheckedAnswer("passed", verdict.reason)
    return checked


def check_answer(prompt: str, answer: str | None) -> CheckedAnswer:
    """Form first, since a refusal's numbers mean nothing; then the arithmetic, where there is some."""
    fault = format_fault(prompt, answer or "")
    if answer is None or fault is not None:
        return CheckedAnswer("failed", fault)
    return check_arithmetic(prompt, answer)


def check_arithmetic(prompt: str, answer: str) -> CheckedAnswer:
    """The last integer of the answer against the value that the prompt asks for."""
    asked = asked_value(prompt)
    if asked is None:
        return CheckedAnswer("none", None)
    stated = stated_value(answer)
    if stated is None:
        return CheckedAnswer("none", f"{asked.text} = {asked.value}, but the answer has no number to compare")
    if stated == asked.value:
        return CheckedAnswer("passed", f"{asked.text} = {asked.value}")
    return CheckedAnswer("failed", f"{asked.text} = {asked.value}, the answer says {stated}")
