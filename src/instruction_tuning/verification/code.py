"""Answers that hold a program, checked by running it against unit tests in the sandbox.

Two forms of tests: HumanEval's (2107.03374), a `check(candidate)` that is called with the answer's function,
and MBPP's (2108.07732), a list of assertions. Departure from both: tests and program run in separate
processes, and the tests see plain values (sandbox/inside/checker.py). O(1) forks an answer.
"""

from collections.abc import Sequence

from instruction_tuning.sandbox.outcome import Outcome
from instruction_tuning.sandbox.program import Program
from instruction_tuning.verification.check import CheckedAnswer


def humaneval_program(*, prompt: str, completion: str, test: str, entry_point: str) -> Program:
    """One item of HumanEval; `completion` continues `prompt`."""
    return Program(prompt + completion, f"{test}\ncheck({entry_point})\n", (entry_point,))


def mbpp_program(
    *, code: str, assertions: Sequence[str], setup: str = "", entry_point: str | None = None
) -> Program:
    """One item of MBPP; `setup` runs before the program. `entry_point` is needed where it names a builtin."""
    functions = () if entry_point is None else (entry_point,)
    return Program(f"{setup}\n{code}", "\n".join(assertions), functions)


def checked_code(outcome: Outcome) -> CheckedAnswer:
    """The verdict on an answer; anything but passed tests is a failure, with its kind and reason."""
    if outcome.status == "passed":
        return CheckedAnswer("passed", outcome.reason)
    return CheckedAnswer("failed", f"{outcome.status}: {outcome.reason}")
