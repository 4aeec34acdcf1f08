"""Several models' answers to one prompt: asked at the same time, within one budget."""

import threading

import pytest
from chat_requests import asking, endpoint
from chat_server import MODEL, ChatServer

from instruction_tuning.errors import BudgetExceededError, ConfigurationError, EndpointUnreachableError
from instruction_tuning.lm.completions import CompletionLimits, complete_all, complete_at_all
from instruction_tuning.schemas.teacher_completions import TeacherCompletions


def test_every_endpoint_answers_and_rows_carry_their_model(store):
    with ChatServer() as one, ChatServer() as two:
        teachers = [endpoint(one), endpoint(two, "another")]
        frame = complete_at_all(teachers, asking(3, samples=2), store, CompletionLimits())
        assert len(one.requests) == len(two.requests) == 3
        TeacherCompletions.validate(frame)
        assert frame["model"].tolist() == [MODEL] * 6 + ["another"] * 6
        assert frame["sample_index"].tolist() == [0, 1] * 3 + [2, 3] * 3
        # What one of them said is what it would have said alone: nothing is sent again.
        alone = complete_all(teachers[0], asking(3, samples=2), store, CompletionLimits())
        assert len(one.requests) == 3
    assert alone.equals(frame.head(6))


def test_they_are_asked_at_the_same_time(store):
    # Neither answers before the other was asked, however long either of them takes to be.
    both_asked = threading.Barrier(2, timeout=60)

    def wait_for_the_other(body, attempt):
        both_asked.wait()

    with ChatServer(wait_for_the_other) as one, ChatServer(wait_for_the_other) as two:
        frame = complete_at_all(
            [endpoint(one), endpoint(two, "another")], asking(1), store, CompletionLimits()
        )
    assert frame["status"].tolist() == ["ok", "ok"]


def test_the_budget_is_one_for_all(store):
    with ChatServer(delay_seconds=0.01) as one, ChatServer(delay_seconds=0.01) as two:
        for server in (one, two):
            server.usage = {"prompt_tokens": 0, "completion_tokens": 16}
        prices = {"price_per_million_output_tokens": 1e6}
        teachers = [endpoint(one, **prices), endpoint(two, "another", **prices)]
        with pytest.raises(BudgetExceededError):
            complete_at_all(teachers, asking(20), store, CompletionLimits(budget_usd=100.0))
        assert len(one.requests) + len(two.requests) == 6


def test_where_one_is_gone_the_answers_of_the_other_are_kept(store):
    with ChatServer() as gone:
        pass
    with ChatServer(delay_seconds=0.05) as server, pytest.raises(EndpointUnreachableError):
        complete_at_all([endpoint(server), endpoint(gone, "gone")], asking(2), store, CompletionLimits())
    assert store.count("ok") == len(server.requests)


def test_two_of_one_model_are_refused(store):
    with ChatServer() as one, ChatServer() as two, pytest.raises(ConfigurationError, match=MODEL):
        complete_at_all([endpoint(one), endpoint(two)], asking(1), store, CompletionLimits())
