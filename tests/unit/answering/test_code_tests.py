"""Tests that no change of a program breaks are thrown out."""

import sys

import pytest

from instruction_tuning.answering.code_tests import read_tests, sift_tests
from instruction_tuning.answering.mutants import mutants_of
from instruction_tuning.sandbox.assertions import CodeTests
from instruction_tuning.sandbox.pool import Sandbox

PROGRAM = "def f(x):\n    '''Three more.'''\n    return x + 3 if x > 0 else sorted([x])[0]\n"


def test_tests_are_asserts_at_the_top_or_in_test_functions() -> None:
    tests = "import math\nassert f(1) == 4\nassert f(1) == 4\ndef test_two():\n    assert f(2) == 5"
    reply = f"Here:\n```python\n{tests}\n```"
    found = read_tests(reply)
    assert found is not None
    assert found.setup == "import math"
    assert [test.splitlines()[-1] for test in found.tests] == ["assert f(1) == 4", "test_two()"]


@pytest.mark.parametrize(
    "reply", ["I see nothing to test.", "```python\nx = 1\n```", "assert (", "(" * 10_000]
)
def test_a_reply_without_a_test_has_none(reply: str) -> None:
    assert read_tests(reply) is None


def test_mutants_differ_from_the_program_and_from_each_other() -> None:
    mutants = mutants_of(PROGRAM, limit=50)
    assert len(set(mutants)) == len(mutants) > 6
    assert all("Three more." in mutant for mutant in mutants), "another docstring is the same program"
    assert len(mutants_of(PROGRAM, limit=4)) == 4
    assert mutants_of("def f(:", limit=4) == mutants_of("x = " + "-" * 9_000 + "1", limit=4) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the barriers are Linux's")
def test_vacuous_tests_are_thrown_out_and_counted() -> None:
    tests = CodeTests(
        ("assert f(1) == 4", "assert f(1) == f(1)", "assert isinstance(f(5), object)", "assert f(-2) == -2")
    )
    with Sandbox() as sandbox:
        sifted = sift_tests(tests, [PROGRAM], sandbox.run_all, max_mutants=30)
        vacuous = sift_tests(CodeTests(tests.tests[1:3]), [PROGRAM], sandbox.run_all, max_mutants=30)
    assert sifted.kept is not None and sifted.kept.tests == ("assert f(1) == 4", "assert f(-2) == -2")
    assert len(sifted.vacuous) == 2
    assert vacuous.kept is None and vacuous.mutants > 0


def test_without_a_passing_solution_nothing_is_known() -> None:
    sifted = sift_tests(CodeTests(("assert f(1) == 4",)), [], lambda programs: [], max_mutants=5)
    assert sifted.kept is None and sifted.mutants == 0 and "no solution passes" in sifted.reason
