"""Programs that are tested: tests asked for first or brought by the record, solutions run, failures repaired.

The order of Code Llama's recipe (arXiv 2308.12950) with self-repair (arXiv 2306.09896) behind it;
code_tests.py and self_repair.py have the methods. What is asked for is known by the kind of its completions:
tests, answer, repair. O(R) programs run for R responses, each once, and `max_mutants` more a task.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pandas as pd

from instruction_tuning.answering.code_tests import (
    Run,
    SiftedTests,
    program_of,
    read_tests,
    sift_tests,
)
from instruction_tuning.answering.sampling import Sampling
from instruction_tuning.answering.self_repair import repair_requests
from instruction_tuning.answering.use_case import asks_for_program
from instruction_tuning.errors import InputError
from instruction_tuning.lm.chat_request import ChatRequest, without_answer
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.sandbox.assertions import CodeTests, assertions_of
from instruction_tuning.sandbox.outcome import Outcome
from instruction_tuning.verification.check import CheckedAnswer
from instruction_tuning.verification.code import checked_code
from instruction_tuning.verification.program_text import program_text
from instruction_tuning.verification.rating import instruction_text
from instruction_tuning.verification.verdict import Query, Verdict, Verifier

RESPONSE_KINDS = ("answer", "repair")
# By record id and response; null where the response holds no program.
Outcomes = Mapping[tuple[str, str], Outcome | None]
NO_PROGRAM = "the answer holds no program in Python"


def test_requests(queries: pd.DataFrame, own: Collection[str], sampling: Sampling) -> list[ChatRequest]:
    """One request for tests a query that asks for a program and is not among those with their `own`."""
    prompt = read_prompt("writing_tests")
    return [
        sampling.request(query["record_id"], "tests", prompt.fill({"instruction": _task(query)}))
        for query in _records(queries)
        if query["record_id"] not in own and asks_for_program(query)
    ]


def solving_requests(
    queries: pd.DataFrame, tests: Mapping[str, CodeTests], *, num_samples: int, sampling: Sampling
) -> list[ChatRequest]:
    """Requests for programs that show a teacher's tests, which settle the names; for queries that are in
    `tests`."""
    prompt = read_prompt("solving_with_tests")
    return [
        sampling.request(
            query["record_id"],
            "answer",
            prompt.fill({"instruction": _task(query), "tests": tests[query["record_id"]].text()}),
            num_samples=num_samples,
        )
        for query in _records(queries)
        if query["record_id"] in tests
    ]


def own_tests(query: Query) -> CodeTests | None:
    """The record's `tests`, a text or a list of assertions, where its frame has them.

    Raises `InputError` where they hold no assertion.
    """
    given = query.get("tests")
    if not isinstance(given, Iterable) or not list(given):
        return None
    found = assertions_of(given if isinstance(given, str) else "\n".join(map(str, given)))
    if found is None:
        raise InputError(
            "the record's tests hold no assertion that can be read",
            record=query["record_id"],
            field="tests",
            fix="write Python that asserts something, such as assert f(1) == 2, or take the tests out",
        )
    return found


def own_tests_by_record(queries: pd.DataFrame) -> dict[str, CodeTests]:
    """Those of the queries that bring some."""
    owned = {str(query["record_id"]): own_tests(query) for query in _records(queries)}
    return {name: tests for name, tests in owned.items() if tests is not None}


def written_tests_by_record(completions: pd.DataFrame) -> dict[str, CodeTests]:
    """The tests that a teacher wrote (kind tests), where its reply holds any."""
    written = completions[(completions["kind"] == "tests") & (completions["status"] == "ok")]
    found = {
        str(name): read_tests(str(reply))
        for name, reply in zip(written["record_id"], written["response"], strict=True)
    }
    return {name: tests for name, tests in found.items() if tests is not None}


def run_responses(
    responses: pd.DataFrame, tests: Mapping[str, CodeTests], run: Run, *, known: Outcomes | None = None
) -> dict[tuple[str, str], Outcome | None]:
    """The outcome of each different response, run once; of those that are `known` that one, and not run.

    `responses` has record_id and response; those without tests, or that never came, are left out.
    """
    known = known or {}
    came = responses[responses["response"].notna() & responses["record_id"].isin(list(tests))]
    pairs = list(dict.fromkeys(zip(came["record_id"], came["response"], strict=True)))
    programs = {pair: program_of(pair[1], tests[pair[0]]) for pair in pairs if pair not in known}
    runnable = {pair: program for pair, program in programs.items() if program is not None}
    outcomes = dict(zip(runnable, run(list(runnable.values())), strict=True)) if runnable else {}
    return {pair: known[pair] if pair in known else outcomes.get(pair) for pair in pairs}


def ask_for_repairs(
    queries: pd.DataFrame,
    answers: pd.DataFrame,
    outcomes: Outcomes,
    *,
    num_samples: int,
    num_repairs: int,
    sampling: Sampling,
) -> list[ChatRequest]:
    """Requests for repairs of all answers that fail their tests; the error is what the sandbox says."""
    tasks = {query["record_id"]: _task(query) for query in _records(queries)}
    failures = []
    for answer in answers[answers["status"] == "ok"].to_dict("records"):
        key = (str(answer["record_id"]), str(answer["response"]))
        if key not in outcomes:
            continue
        checked = _checked(outcomes[key])
        if checked.check == "failed":
            program = program_text(key[1]) or key[1]
            failures.append({**answer, "task": tasks[key[0]], "program": program, "error": checked.detail})
    return repair_requests(
        failures,
        num_repairs=num_repairs,
        first_index=num_samples,
        temperature=sampling.temperature,
        max_tokens=sampling.max_tokens,
        seed=sampling.seed,
    )


def sift_by_record(
    outcomes: Outcomes, tests: Mapping[str, CodeTests], run: Run, *, max_mutants: int
) -> dict[str, SiftedTests]:
    """What the tests of each record are worth, tried on mutants of the solutions that pass them."""
    passing: dict[str, list[str]] = {name: [] for name in tests}
    for (record_id, response), outcome in outcomes.items():
        if outcome is not None and outcome.status == "passed":
            passing[record_id].append(program_text(response) or "")
    return {
        name: sift_tests(tests[name], passing[name], run, max_mutants=max_mutants) for name in sorted(tests)
    }


def passes_tests(outcomes: Outcomes, sifted: Mapping[str, SiftedTests]) -> Verifier:
    """Unit tests as a verifier: null where a record has no test, or passing its tests says nothing."""

    def verify(query: Query, response: str) -> Verdict | None:
        key = (str(query["record_id"]), response)
        if key not in outcomes:
            return None
        checked, worth = _checked(outcomes[key]), sifted[key[0]]
        if checked.check == "failed":
            return Verdict(0.0, False, str(checked.detail))
        return None if worth.kept is None else Verdict(1.0, True, f"all tests passed; {worth.reason}")

    return verify


def _checked(outcome: Outcome | None) -> CheckedAnswer:
    return CheckedAnswer("failed", NO_PROGRAM) if outcome is None else checked_code(outcome)


def _task(query: Query) -> str:
    return instruction_text(without_answer(query["messages"]))


def _records(queries: pd.DataFrame) -> list[dict[str, Any]]:
    wanted = [name for name in ("record_id", "prompt", "messages", "category", "tests") if name in queries]
    return [{str(key): value for key, value in row.items()} for row in queries[wanted].to_dict("records")]
