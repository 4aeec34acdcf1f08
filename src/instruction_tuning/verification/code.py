"""Answers that hold a program, checked by running it against unit tests in the sandbox.

Two forms of tests: HumanEval's (2107.03374), a `check(candidate)` that is called with the answer's function,
and MBPP's (2108.07732), a list of assertions. Departure from both: tests and program run in separate
processes, and the tests see plain values (sandbox/inside/checker.py). O(1) forks an answer.
"""

import re
from collections.abc import Sequence

from instruction_tuning.sandbox.outcome import Outcome
from instruction_tuning.sandbox.program import Program
from instruction_tuning.verification.check import CheckedAnswer

_FENCED = re.compile(r"^[ \t]*```[ \t]*(\w*)[^\n]*\n(.*?)(?:^[ \t]*```|\Z)", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"```|^[ \t]*(?:def|class|import|from) |\breturn\b|\blambda\b", re.MULTILINE)
_PYTHON = {"python", "python3", "py", ""}


def program_text(answer: str) -> str | None:
    """The Python of an answer: its fenced blocks one after the other, or all of it where none is fenced.

    Null where every block is of another language. A fence that is never closed, as in an answer that was cut,
    ends with the answer.

    >>> program_text("Here it is:\\n```python\\nx = 1\\n```\\nIt sets x.")
    'x = 1\\n'
    """
    blocks = _FENCED.findall(answer)
    if not blocks:
        return answer
    named = [text for language, text in blocks if language.lower() in _PYTHON - {""}]
    chosen = named or [text for language, text in blocks if language.lower() in _PYTHON]
    return "\n".join(chosen) if chosen else None


def holds_code(text: str) -> bool:
    """Whether a text holds a program or a fenced block: its last number is then no answer."""
    return _CODE.search(text) is not None


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
