"""All checks of one answer, in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from instruction_tuning.verification.answer_format import format_fault
from instruction_tuning.verification.arithmetic import asked_value, equated_values
from instruction_tuning.verification.math_answer import Compared, compared_with, marked_answer_text
from instruction_tuning.verification.quantities import Quantity
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
    """The value that the prompt asks for against the one that the answer marks as such, else the one that it
    sets the expression equal to, else the one that it ends on; none where no such value is clear."""
    asked = asked_value(prompt)
    if asked is None:
        return CheckedAnswer("none", None)
    is_sum = f"{asked.text} = {asked.value}"
    said = compared_with(answer, Quantity(Fraction(asked.value)))
    equated = equated_values(answer, asked)
    # A wrong number that stands alone behind the working is the answer, though a step comes to the right one.
    is_wrong = said is not None and said.is_right is False
    if equated and not is_wrong and marked_answer_text(answer) is None:
        ends_right = said is not None and said.is_right is True
        is_clear = len(equated) == 1 and not (ends_right and equated != {asked.value})
        said = Compared(", ".join(map(str, equated)), equated == {asked.value} if is_clear else None)
    if said is None or said.is_right is None:
        return CheckedAnswer("none", f"{is_sum}, but the answer comes to no clear number")
    if said.is_right:
        return CheckedAnswer("passed", is_sum)
    return CheckedAnswer("failed", f"{is_sum}, the answer says {said.text}")
