"""What a run of requests will take is told before the money is spent."""

import pytest
from chat_requests import asking as asking_for
from chat_requests import endpoint
from chat_server import ChatServer

from instruction_tuning.errors import BudgetExceededError
from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.lm.completions import CompletionLimits, complete_all
from instruction_tuning.lm.forecast import forecast
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.store_contents import TokenSample

FIRST = 16  # requests that are waited for where nothing is known


def teacher(server: ChatServer, *, dollars: float = 1.0) -> Endpoint:
    """An output token costs so many dollars."""
    return endpoint(server, price_per_million_output_tokens=dollars * 1e6)


def asking(count: int) -> list[ChatRequest]:
    return asking_for(count, samples=2)


@pytest.fixture
def told(caplog):
    caplog.set_level("INFO")
    return lambda: [
        record.getMessage() for record in caplog.records if "requests done" not in record.getMessage()
    ]


def test_sums_follow_from_the_means_and_the_concurrency():
    paid = Endpoint(base_url="http://127.0.0.1:1/v1", model="m", price_per_million_input_tokens=1e6)
    sample = TokenSample(requests=20, prompt_tokens=10.0, completion_tokens=5.0, seconds=2.0)
    expected = forecast(paid, asking(40), sample, max_concurrency=8)
    assert (expected.prompt_tokens, expected.completion_tokens) == (400, 400)
    assert (expected.price_usd, expected.seconds) == (400.0, 10.0)


def test_where_nothing_is_known_the_first_requests_tell_before_the_rest_is_sent(store, told):
    sent_when_told = []
    with ChatServer() as server:
        server.usage = {"prompt_tokens": 0, "completion_tokens": 8}

        def look(body, attempt):
            sent_when_told.append(any("left; about" in line for line in told()))

        server.fault = look
        complete_all(teacher(server), asking(50), store, CompletionLimits())
    before, after = [line for line in told() if "answer completions" in line][:2]
    assert "50 requests to send" in before and "(0 of 50 are stored)" in before
    assert "$1600.0000 at the very most" in before  # 2 samples of 16 tokens
    assert "34 requests left; about 0 tokens in and 272 out, $272.0000, 1 s" in after
    assert sent_when_told == [False] * FIRST + [True] * 34


def test_what_is_stored_of_the_same_kind_and_model_tells_before_the_first_request(store, told):
    with ChatServer() as server:
        complete_all(teacher(server), asking(20), store, CompletionLimits())
        before = len(told())
        complete_all(teacher(server), asking(120), store, CompletionLimits())
    first, *rest = [line for line in told()[before:] if "answer completions" in line]
    assert "100 requests to send" in first and "(20 of 120 are stored)" in first
    assert "about 1,000 tokens in and 2,000 out, $2,000.0000" in first
    assert "as 20 stored ones took" in first and not rest


def test_a_free_endpoint_is_not_kept_waiting(store, told):
    with ChatServer(delay_seconds=0.05) as server:
        complete_all(teacher(server, dollars=0), asking(60), store, CompletionLimits(max_concurrency=60))
        assert server.most_in_flight > FIRST
    assert any("60 requests to send" in line and "at no price" in line for line in told())


def test_more_than_the_budget_is_told_and_the_budget_can_be_raised_without_paying_again(store, told):
    """A request takes 8 tokens, 8 dollars, and 32 at most."""
    with ChatServer() as server:
        server.usage = {"prompt_tokens": 0, "completion_tokens": 8}
        with pytest.raises(BudgetExceededError, match="budget_usd"):
            complete_all(teacher(server), asking(50), store, CompletionLimits(budget_usd=300.0))
        stopped = len(server.requests)
        assert 8 * stopped <= 300.0 < 8 * (stopped + 1) + 32
        (warning,) = [line for line in told() if "more than budget_usd" in line]
        assert "$128.0000 is spent and the rest will cost about $272.0000" in warning
        assert "after about 21 of 34 requests" in warning
        frame = complete_all(teacher(server), asking(50), store, CompletionLimits(budget_usd=500.0))
        assert len(server.requests) == 50 and set(server.served().values()) == {1}
    assert frame["price_usd"].sum() == 400.0
    assert sum("more than budget_usd" in line for line in told()) == 1
