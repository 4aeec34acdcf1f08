"""The budget holds for what a server may have charged: no token counts, broken replies, refused keys."""

import pytest
from chat_requests import asking, endpoint
from chat_server import ChatServer

from instruction_tuning.errors import AuthenticationError, BudgetExceededError
from instruction_tuning.lm.completion_store import CompletionStore
from instruction_tuning.lm.completions import CompletionLimits, complete_all
from instruction_tuning.lm.request_parameters import Asker, RequestParameters
from instruction_tuning.lm.retrying import RetryPolicy

PRICES = {"price_per_million_output_tokens": 1e6}  # a token costs a dollar
WORST_USD = 16.0
QUICK = RetryPolicy(max_retries=3, backoff_base_seconds=0.01, backoff_cap_seconds=0.05)


@pytest.fixture
def store(tmp_path):
    with CompletionStore(tmp_path / "completions.sqlite") as opened:
        yield opened


def limits(budget_usd: float | None, **changes) -> CompletionLimits:
    return CompletionLimits(budget_usd=budget_usd, retries=QUICK, max_failure_rate=1.0, **changes)


def counted(tokens: int) -> dict[str, int]:
    return {"prompt_tokens": 0, "completion_tokens": tokens}


def test_a_server_without_token_counts_is_charged_at_worst_in_every_later_run(store):
    with ChatServer() as server:
        server.usage = None
        for _ in range(3):
            with pytest.raises(BudgetExceededError, match=r"\$96\.0000 of the \$100\.0000"):
                complete_all(endpoint(server, **PRICES), asking(50), store, limits(100.0))
        assert len(server.requests) == 6
        complete_all(endpoint(server, **PRICES), asking(50), store, limits(50 * WORST_USD))
        assert len(server.requests) == 50


def test_and_in_every_later_step_of_a_run(store):
    parameters = RequestParameters(
        max_concurrency=4,
        max_retries=1,
        rate_limit_patience_seconds=1.0,
        max_failure_rate=0.0,
        budget_usd=3 * WORST_USD,
        progress_seconds=10.0,
        completion_store=store.path,
    )
    with ChatServer() as server:
        server.usage = None
        teacher, asker = endpoint(server, **PRICES), Asker(parameters)
        first = asker.ask(teacher, asking(2))
        assert first["price_usd"].isna().all()
        with pytest.raises(BudgetExceededError):
            asker.ask(teacher, asking(2, kind="rating", temperature=0.0))
        with pytest.raises(BudgetExceededError):
            Asker(parameters, first).ask(teacher, asking(2, kind="rating", temperature=0.0))
        assert len(server.requests) == 3


def test_without_a_limit_what_nobody_told_is_noted_for_a_later_limit(store):
    with ChatServer() as server:
        server.usage = None
        complete_all(endpoint(server, **PRICES), asking(5), store, limits(None))
        assert store.sent_total() == (5, 5 * WORST_USD)
        with pytest.raises(BudgetExceededError):
            complete_all(endpoint(server, **PRICES), asking(6), store, limits(5 * WORST_USD))
        assert len(server.requests) == 5


@pytest.mark.parametrize("fault", ["half", "stall", "not_json", "drip"])
def test_an_attempt_that_broke_may_have_been_charged_and_counts_at_worst(store, fault):
    with ChatServer(lambda body, attempt: fault if attempt == 0 else None) as server:
        server.usage = counted(4)
        teacher = endpoint(server, timeout_seconds=0.3, **PRICES)
        frame = complete_all(teacher, asking(2), store, limits(40.0 + WORST_USD))
        assert frame["status"].eq("ok").all() and frame["price_usd"].tolist() == [4.0, 4.0]
        assert store.sent_total() == (2, 2 * WORST_USD)
        # Two broken attempts at 16 and two answers at 4 leave room for one more, and not for two.
        with pytest.raises(BudgetExceededError):
            complete_all(teacher, asking(4), store, limits(40.0 + WORST_USD))


def test_a_reply_without_use_is_paid_as_it_was_counted(store):
    with ChatServer(lambda body, attempt: "empty" if attempt < 2 else None) as server:
        server.usage = counted(5)
        frame = complete_all(endpoint(server, **PRICES), asking(3), store, limits(1000.0))
        assert frame["price_usd"].tolist() == [15.0] * 3
        assert frame["completion_tokens"].tolist() == [15] * 3
        assert store.sent_total() == (0, 0.0)


@pytest.mark.parametrize("limit_usd", [160.0, None])
def test_replies_without_use_for_ever_end_in_failed_rows_with_their_price(store, limit_usd):
    with ChatServer(lambda body, attempt: "empty") as server:
        server.usage = counted(16)
        teacher = endpoint(server, **PRICES)
        if limit_usd is None:
            frame = complete_all(teacher, asking(3), store, limits(None))
            assert frame["status"].eq("failed").all() and frame["price_usd"].tolist() == [64.0] * 3
        else:
            with pytest.raises(BudgetExceededError):
                complete_all(teacher, asking(10), store, limits(limit_usd))
            assert len(server.requests) * 16.0 <= limit_usd


@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_a_refusal_costs_nothing(store, status):
    refused = {"status": status, "body": {"error": {"message": "no"}}}
    with ChatServer(lambda body, attempt: refused if attempt == 0 else None) as server:
        server.usage = counted(4)
        complete_all(endpoint(server, **PRICES), asking(3), store, limits(3 * WORST_USD))
    assert store.sent_total() == (0, 0.0)


def test_a_refused_key_leaves_nothing_behind(store):
    with ChatServer(lambda body, attempt: {"status": 401}) as server, pytest.raises(AuthenticationError):
        complete_all(endpoint(server, **PRICES), asking(50), store, limits(500.0))
    assert store.sent_total() == (0, 0.0)


def test_a_free_judge_below_a_spent_budget_is_asked(store):
    with ChatServer() as server:
        complete_all(endpoint(server), asking(20), store, limits(None))
        more = asking(20, temperature=0.1)
        frame = complete_all(endpoint(server), more, store, limits(1.0, spent_usd=2.0))
    assert frame["status"].eq("ok").all()


def test_choices_with_the_same_index_are_two_samples(store):
    with ChatServer() as server:
        answer = server._answer

        async def doubled(request, body, fault):
            response = await answer(request, body, fault)
            response.text = response.text.replace('"index": 1', '"index": 0')
            return response

        server._answer = doubled
        frame = complete_all(endpoint(server), asking(2, samples=2), store, limits(None))
        assert len(server.requests) == 2
    assert frame["status"].eq("ok").all() and frame["response"].nunique() == 4
