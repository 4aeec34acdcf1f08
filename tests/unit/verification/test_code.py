"""Answers that hold a program: the program is found, run and judged."""

import sys

import pytest

from instruction_tuning.sandbox.pool import Sandbox
from instruction_tuning.verification.code import checked_code, humaneval_program, mbpp_program
from instruction_tuning.verification.program_text import program_text

FENCE = "```"


@pytest.mark.parametrize(
    ("answer", "program"),
    [
        (f"So:\n{FENCE}python\nx = 1\n{FENCE}\nDone.", "x = 1\n"),
        (f"{FENCE}\nx = 1\n{FENCE}", "x = 1\n"),
        ("x = 1\n", "x = 1\n"),
        (f"{FENCE}python\nx = 1\n{FENCE}\nand\n{FENCE}py\ny = 2\n{FENCE}", "x = 1\n\ny = 2\n"),
        (f"{FENCE}\n$ run it\n{FENCE}\n{FENCE}python\nx = 1\n{FENCE}", "x = 1\n"),
        (f"{FENCE}python\nx = 1\n", "x = 1\n"),
        (f"{FENCE}bash\nls\n{FENCE}", None),
    ],
    ids=["fenced", "no language", "bare", "two blocks", "output beside it", "cut off", "another language"],
)
def test_the_program_of_an_answer(answer, program):
    assert program_text(answer) == program


@pytest.mark.skipif(sys.platform != "linux", reason="the barriers are Linux's")
def test_answers_are_judged_by_their_tests():
    prompt = "def double(x):\n    '''Twice x.'''\n"
    test = "def check(candidate):\n    assert candidate(4) == 8\n"
    assertions = ["assert double(2) == 4", "assert double('a') == 'aa'"]
    programs = [
        humaneval_program(prompt=prompt, completion="    return 2 * x\n", test=test, entry_point="double"),
        humaneval_program(prompt=prompt, completion="    return x\n", test=test, entry_point="double"),
        mbpp_program(code="def double(x): return x + x", assertions=assertions),
        mbpp_program(code="def double(x): return x + 2", assertions=assertions),
        mbpp_program(
            code="def sum(a, b): return a + b", assertions=["assert sum(1, 2) == 3"], entry_point="sum"
        ),
    ]
    with Sandbox() as sandbox:
        checked = [checked_code(outcome) for outcome in sandbox.run_all(programs)]
    assert [one.check for one in checked] == ["passed", "failed", "passed", "failed", "passed"]
    assert "assert candidate(4) == 8" in str(checked[1].detail)
