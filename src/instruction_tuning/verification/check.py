"""All checks of one answer, in order."""

from dataclasses import dataclass
from typing import Literal

from instruction_tuning.verification.answer_format import format_fault
from instruction_tuning.verification.arithmetic import asked_value, stated_value

Check = Literal["passed", "failed", "none"]


@dataclass(frozen=True)
class CheckedAnswer:
    """`check` is none where nothing can be known; `detail` says what was found or compared."""

    check: Check
    detail: str | None


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
