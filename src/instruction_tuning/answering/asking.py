"""The order of questions where programs are tested: tests, programs that have to pass them, repairs."""

import logging
from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from instruction_tuning.answering.code_tests import Run
from instruction_tuning.answering.sampling import Ask, Sampling
from instruction_tuning.answering.tested_programs import (
    Outcomes,
    ask_for_repairs,
    own_tests_by_record,
    run_responses,
    solving_requests,
    test_requests,
    written_tests_by_record,
)
from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.sandbox.assertions import CodeTests
from instruction_tuning.text.counting import counted
from instruction_tuning.verification.marks import FAILED, READ, UNPARSEABLE, refuse_unreadable_replies

logger = logging.getLogger(__name__)


def ask_with_tests(
    queries: pd.DataFrame,
    plain_requests: Callable[[pd.DataFrame], list[ChatRequest]],
    *,
    ask: Ask,
    run: Run,
    num_samples: int,
    num_repairs: int,
    sampling: Sampling,
    max_unreadable_rate: float,
) -> Outcomes:
    """Ask for everything; what became of the programs that had to be run for it, those that may be repaired.

    Queries that ask for no program, or got no readable tests, are asked as they are (`plain_requests`), and
    so are those with tests of their own, which no solver sees. `num_repairs` 0: failures stay as they are.
    Raises `FailureRateError` where too many replies hold no test, before a program is asked for.
    """
    own = own_tests_by_record(queries)
    for_tests = test_requests(queries, own, sampling)
    _log_what_is_to_come(len(queries), len(for_tests), len(for_tests) + len(own), num_samples, num_repairs)
    written = ask(for_tests)
    shown = written_tests_by_record(written)
    refuse_unreadable_tests(written, shown, max_unreadable_rate)
    plain = queries[~queries["record_id"].isin(list(shown))]
    answers = ask(
        [
            *plain_requests(plain),
            *solving_requests(queries, shown, num_samples=num_samples, sampling=sampling),
        ]
    )
    if not num_repairs:
        return {}
    outcomes = run_responses(answers, shown | own, run)
    ask(
        ask_for_repairs(
            queries,
            answers,
            outcomes,
            num_samples=num_samples,
            num_repairs=num_repairs,
            sampling=sampling,
        )
    )
    return outcomes


def _log_what_is_to_come(
    queries: int, for_tests: int, tested: int, num_samples: int, num_repairs: int
) -> None:
    """Each batch tells its price before it is sent; how many there will be is known, or bounded, now."""
    repairs = (
        f", up to {counted(tested * num_samples, 'request')} for {counted(num_repairs, 'repair')} each, "
        "were every program to fail its tests"
        if num_repairs
        else ""
    )
    logger.info(
        "to ask, or to take from the store: %s for tests, then %s for %s each%s",
        counted(for_tests, "request"),
        counted(queries, "request"),
        counted(num_samples, "answer"),
        repairs,
    )


def refuse_unreadable_tests(
    written: pd.DataFrame, readable: Mapping[str, CodeTests], max_unreadable_rate: float
) -> None:
    """Raise `FailureRateError` where more of the teacher's replies hold no test than the rate allows."""
    statuses: Sequence[str] = [
        FAILED if status != "ok" else READ if name in readable else UNPARSEABLE
        for name, status in zip(written["record_id"], written["status"], strict=True)
    ]
    refuse_unreadable_replies(
        pd.Series(statuses, dtype="str"),
        written["response"],
        asked_for="test (an assert on what a function returns)",
        field="answer_generation.max_unreadable_rate",
        max_unreadable_rate=max_unreadable_rate,
        fix="take a teacher that follows prompts/writing_tests.txt, raise answer_generation.max_tokens where "
        "replies are cut off, or raise the limit",
    )
