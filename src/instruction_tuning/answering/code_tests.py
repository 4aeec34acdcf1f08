"""Unit tests that a teacher writes before there is a program, and which of them tell right from wrong.

Code Llama's tests-first (Rozière et al. 2023, arXiv 2308.12950): tests for a task, then several solutions
that see them, the ones that pass are kept. The paper trusts the tests; here a test has to hold for a solution
that passes all of them and to fail for at least one mutant of it (mutants.py), or it is vacuous and counts
for nothing. One run in the sandbox a mutant: which tests fail is read from one assertion at the end.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from instruction_tuning.answering.mutants import mutants_of
from instruction_tuning.sandbox.assertions import CodeTests, assertions_of
from instruction_tuning.sandbox.outcome import Outcome
from instruction_tuning.sandbox.program import Program
from instruction_tuning.verification.program_text import program_text

_LONGEST_REPLY = 20_000  # characters
_MOST_TESTS = 50
_FAILED = "_tests_that_failed"
_TOLD = re.compile(r"AssertionError: tests (\[[\d, ]*\]) failed")

Run = Callable[[Sequence[Program]], Sequence[Outcome]]


@dataclass(frozen=True)
class SiftedTests:
    """What became of a task's tests: `kept`, `vacuous`; `mutants` is how many programs they were tried on.

    `kept` is null where nothing could be found out: no solution passes all of them, or it has no mutant.
    """

    kept: CodeTests | None
    vacuous: tuple[str, ...]
    mutants: int
    reason: str


def read_tests(reply: str) -> CodeTests | None:
    """The assertions of a teacher's reply, at the top or in functions named test…; null where there is none.

    >>> read_tests("assert f(1) == 2\\nassert f(0) == 1").tests
    ('assert f(1) == 2', 'assert f(0) == 1')
    """
    found = assertions_of(program_text(reply[:_LONGEST_REPLY]) or "")
    return None if found is None else replace(found, tests=found.tests[:_MOST_TESTS])


def program_of(response: str, tests: CodeTests) -> Program | None:
    """The response's program with the tests; null where it holds none."""
    source = program_text(response)
    return None if not source or not source.strip() else Program(source, tests.text())


def sift_tests(tests: CodeTests, solutions: Sequence[str], run: Run, *, max_mutants: int) -> SiftedTests:
    """Throw out the tests that no mutant of a passing solution fails.

    `solutions` are programs that pass all tests, tried in order until one has mutants; `run` runs programs.
    """
    for solution in solutions:
        mutants = mutants_of(solution, limit=max_mutants)
        if not mutants:
            continue
        script = _that_tells(tests)
        outcomes = run([Program(mutant, script) for mutant in mutants])
        failed: set[int] = set()
        for outcome in outcomes:
            failed |= _failed_tests(outcome, len(tests.tests))
        kept = tuple(test for place, test in enumerate(tests.tests) if place in failed)
        vacuous = tuple(test for place, test in enumerate(tests.tests) if place not in failed)
        told = f"{len(kept)} of {len(tests.tests)} tests fail for one of {len(mutants)} mutants"
        return SiftedTests(CodeTests(kept, tests.setup) if kept else None, vacuous, len(mutants), told)
    why = "no solution has a mutant" if solutions else "no solution passes the tests"
    return SiftedTests(None, (), 0, why)


def _that_tells(tests: CodeTests) -> str:
    """A script that runs all tests and then says which of them failed."""
    parts = [tests.setup, f"{_FAILED} = []"]
    for place, test in enumerate(tests.tests):
        indented = "\n".join(f"    {line}" for line in test.splitlines())
        parts.append(f"try:\n{indented}\nexcept Exception:\n    {_FAILED}.append({place})")
    parts.append(f"assert not {_FAILED}, 'tests ' + str({_FAILED}) + ' failed'")
    return "\n".join(part for part in parts if part)


def _failed_tests(outcome: Outcome, count: int) -> set[int]:
    if outcome.status == "passed":
        return set()
    told = _TOLD.search(outcome.reason)
    # A mutant that never ends, or does not load, fails all of them: that says nothing about any one.
    return {place for place in json.loads(told[1]) if place < count} if told else set()
