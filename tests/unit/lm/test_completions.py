import asyncio
import time

import pytest
from chat_requests import asking, endpoint
from chat_server import ChatServer

from instruction_tuning.errors import (
    BudgetExceededError,
    ConfigurationError,
    EndpointUnreachableError,
    FailureRateError,
)
from instruction_tuning.lm.clients import check_endpoint
from instruction_tuning.lm.completions import CompletionLimits, complete_all
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.schemas.teacher_completions import TeacherCompletions


def test_one_row_a_sample_in_the_order_of_the_requests(store):
    with ChatServer() as server:
        frame = complete_all(endpoint(server), asking(5, samples=3), store, CompletionLimits())
    TeacherCompletions.validate(frame)
    assert frame["record_id"].tolist() == [f"record{i:03d}" for i in range(5) for _ in range(3)]
    assert frame["sample_index"].tolist() == [0, 1, 2] * 5
    assert frame["response"].is_unique


def test_what_is_stored_is_never_sent_again_even_with_the_server_gone(store):
    with ChatServer() as server:
        first = complete_all(endpoint(server), asking(20), store, CompletionLimits())
        again = complete_all(endpoint(server), asking(20), store, CompletionLimits())
        assert len(server.requests) == 20
    offline = complete_all(endpoint(server), asking(20), store, CompletionLimits())
    assert first.equals(again)
    assert first.equals(offline)


def test_another_port_is_the_same_model_and_another_model_is_not(store):
    with ChatServer() as server:
        complete_all(endpoint(server), asking(1), store, CompletionLimits())
    with ChatServer() as moved:
        complete_all(endpoint(moved), asking(1), store, CompletionLimits())
        assert not moved.requests
        other = Endpoint(base_url=moved.base_url, model="another")
        complete_all(other, asking(1), store, CompletionLimits())
        assert len(moved.requests) == 1


def test_identical_requests_are_sent_and_paid_once(store):
    with ChatServer() as server:
        teacher = endpoint(server, price_per_million_output_tokens=1e6)
        frame = complete_all(teacher, asking(1) * 3, store, CompletionLimits())
        assert len(server.requests) == 1
    assert frame["price_usd"].tolist() == [20.0, 0.0, 0.0]
    assert frame["response"].nunique() == 1


def test_a_server_that_gives_too_few_choices_is_asked_for_the_rest(store):
    with ChatServer() as server:
        server.choices_at_most = 2
        frame = complete_all(endpoint(server), asking(1, samples=5), store, CompletionLimits())
        assert [body["n"] for body in server.requests] == [5, 3, 1]
        assert len({body["seed"] for body in server.requests}) == 3
        assert complete_all(endpoint(server), asking(1, samples=5), store, CompletionLimits()).equals(frame)
        assert len(server.requests) == 3
    assert frame["response"].nunique() == 5
    assert frame["prompt_tokens"].tolist() == [10, 0, 10, 0, 10]


def test_a_server_that_gives_too_many_choices_is_cut_to_what_was_asked(store):
    with ChatServer() as server:
        body_of = server.text
        server.text = lambda body, index: (body.update(n=4), body_of(body, index))[1]
        frame = complete_all(endpoint(server), asking(1, samples=2), store, CompletionLimits())
    assert frame["sample_index"].tolist() == [0, 1]


def test_concurrency_stays_at_its_limit(store):
    with ChatServer(delay_seconds=0.05) as server:
        complete_all(endpoint(server), asking(40), store, CompletionLimits(max_concurrency=8))
        assert server.most_in_flight == 8


def test_a_fast_server_gets_three_hundred_requests_a_second(store):
    with ChatServer() as server:
        complete_all(endpoint(server), asking(50), store, CompletionLimits())  # imports, connections
        requests = asking(650)[50:]
        started = time.process_time()
        complete_all(endpoint(server), requests, store, CompletionLimits(max_concurrency=64))
        seconds = time.process_time() - started
    # Processor time of client and server together: wall time would test the machine's other work.
    assert 600 / seconds > 300


def test_the_budget_stops_before_it_is_exceeded_and_keeps_what_was_paid_for(store):
    with ChatServer(delay_seconds=0.005) as server:
        # 16 tokens at most and 16 used, a dollar each: a request costs 16 dollars.
        server.usage = {"prompt_tokens": 0, "completion_tokens": 16}
        teacher = endpoint(server, price_per_million_output_tokens=1e6)
        with pytest.raises(BudgetExceededError, match="budget_usd"):
            complete_all(teacher, asking(20), store, CompletionLimits(max_concurrency=8, budget_usd=100.0))
        assert len(server.requests) == 6
        assert store.count("ok") == 6
        # The next run knows what the first one paid.
        with pytest.raises(BudgetExceededError):
            complete_all(teacher, asking(20), store, CompletionLimits(budget_usd=100.0))
        assert len(server.requests) == 6
        frame = complete_all(teacher, asking(20), store, CompletionLimits(budget_usd=320.0))
    assert len(server.requests) == 20
    assert frame["price_usd"].sum() == 320.0


def test_the_budget_also_counts_what_was_spent_before(store):
    with ChatServer() as server:
        teacher = endpoint(server, price_per_million_output_tokens=1e6)
        limits = CompletionLimits(budget_usd=20.0, spent_usd=10.0)
        with pytest.raises(BudgetExceededError):
            complete_all(teacher, asking(1), store, limits)
        assert not server.requests


def test_missing_usage_is_flagged_and_its_price_unknown(store):
    with ChatServer() as server:
        server.usage = None
        frame = complete_all(
            endpoint(server, price_per_million_input_tokens=1.0), asking(1), store, CompletionLimits()
        )
    TeacherCompletions.validate(frame)
    assert frame["usage_reported"].tolist() == [False]
    assert frame["prompt_tokens"].tolist() == [0]
    assert frame["price_usd"].isna().all()


def test_a_missing_key_is_named_before_any_request(store, monkeypatch):
    monkeypatch.delenv("TEACHER_KEY", raising=False)
    with ChatServer() as server:
        with pytest.raises(ConfigurationError, match="TEACHER_KEY"):
            complete_all(endpoint(server, api_key_env="TEACHER_KEY"), asking(1), store, CompletionLimits())
        assert not server.requests


def test_an_address_where_nobody_is_is_named_at_once(store):
    with ChatServer() as server:
        pass
    with pytest.raises(EndpointUnreachableError, match=rf"127.0.0.1:{server.port}.*\n.*fix"):
        complete_all(endpoint(server), asking(3), store, CompletionLimits())
    with pytest.raises(EndpointUnreachableError):
        check_endpoint(endpoint(server))


def test_a_proxy_in_the_environment_does_not_break_loopback(store, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with ChatServer() as server:
        complete_all(endpoint(server), asking(1), store, CompletionLimits())
        check_endpoint(endpoint(server))


def test_it_runs_inside_a_notebooks_event_loop(store):
    async def cell():
        return complete_all(endpoint(server), asking(2), store, CompletionLimits())

    with ChatServer() as server:
        assert len(asyncio.run(cell())) == 2


def test_piped_progress_tells_done_total_cost_and_time_left(store, caplog):
    caplog.set_level("INFO")
    with ChatServer(delay_seconds=0.02) as server:
        limits = CompletionLimits(max_concurrency=2, progress_seconds=0.05)
        complete_all(endpoint(server), asking(20), store, limits)
    lines = [record.message for record in caplog.records if "requests done" in record.message]
    assert any("s left" in line for line in lines)
    assert "20/20 requests done" in lines[-1]
    assert "600 tokens, $0.0000" in lines[-1]
    assert not any("HTTP Request" in record.message for record in caplog.records)


def test_progress_tells_what_was_paid_now_from_what_was_paid_before(store, caplog):
    caplog.set_level("INFO")
    with ChatServer() as server:
        teacher = endpoint(server, price_per_million_output_tokens=1e6)
        complete_all(teacher, asking(2), store, CompletionLimits())
        complete_all(teacher, asking(3), store, CompletionLimits(spent_usd=5.0))
        complete_all(teacher, asking(3), store, CompletionLimits())
    lines = [record.message for record in caplog.records]
    first, second = [line for line in lines if "requests done" in line]
    paid = float(first.partition("$")[2].partition(",")[0])
    assert f"${paid / 2:.4f} (${5 + paid:.4f} before)" in second
    assert lines[-1] == "all 3 requests are stored from before: none is sent, nothing is paid"


def test_a_choice_without_text_is_a_failed_sample_that_was_paid_for(store):
    with ChatServer() as server:
        server.text = lambda body, index: None if index == 1 else f"text {body['seed']} {index}"
        teacher = endpoint(server, price_per_million_output_tokens=1e6)
        frame = complete_all(teacher, asking(1, samples=3), store, CompletionLimits(max_failure_rate=1.0))
        assert len(server.requests) == 1
        TeacherCompletions.validate(frame)
        assert frame["status"].tolist() == ["ok", "ok", "failed"]
        assert frame["price_usd"].tolist() == [20.0, 0.0, 0.0]
        assert "no text" in frame["error"].iloc[2]
        # The next run asks for the missing sample alone; the others keep their places.
        server.text = lambda body, index: "late text"
        again = complete_all(teacher, asking(1, samples=3), store, CompletionLimits())
        assert [body["n"] for body in server.requests] == [3, 1]
    assert again["response"].tolist() == ["text 0 0", "text 0 2", "late text"]
    assert again["price_usd"].tolist() == [20.0, 0.0, 20.0]


@pytest.mark.parametrize("empty", [None, "", " \n"])
def test_replies_without_text_trip_the_failure_rate_and_are_asked_for_again(store, empty):
    with ChatServer() as server:
        teacher = endpoint(server, price_per_million_output_tokens=1e6)
        server.text = lambda body, index: empty
        with pytest.raises(FailureRateError, match=r"4 of 4 .*the choice has no text"):
            complete_all(teacher, asking(4, samples=2), store, CompletionLimits())
        assert (store.count("ok"), store.count("failed")) == (0, 4)
        # What the empty replies cost counts: another round is paid for on top of it.
        with pytest.raises(BudgetExceededError):
            complete_all(teacher, asking(4, samples=2), store, CompletionLimits(budget_usd=100.0))
        assert len(server.requests) == 4
        server.text = lambda body, index: f"text {index}"
        frame = complete_all(teacher, asking(4, samples=2), store, CompletionLimits())
        assert len(server.requests) == 8
        offline = complete_all(teacher, asking(4, samples=2), store, CompletionLimits())
    TeacherCompletions.validate(frame)
    assert frame["status"].eq("ok").all()
    assert frame["price_usd"].sum() == 160.0
    assert offline.equals(frame)


def test_a_request_that_lacks_some_samples_counts_by_their_share(store):
    with ChatServer() as server:
        server.text = lambda body, index: None if index == 0 else "text"
        frame = complete_all(
            endpoint(server), asking(4, samples=4), store, CompletionLimits(max_failure_rate=0.25)
        )
    assert frame["status"].value_counts().to_dict() == {"ok": 12, "failed": 4}


def test_a_waiting_run_says_what_it_waits_for(store, caplog):
    caplog.set_level("INFO")
    busy = {"status": 429, "headers": {"Retry-After": "1"}}
    with ChatServer(lambda body, attempt: busy if attempt == 0 else None) as server:
        limits = CompletionLimits(max_concurrency=3, progress_seconds=0.2)
        complete_all(endpoint(server), asking(3), store, limits)
    waits = [record.message for record in caplog.records if "requests waiting" in record.message]
    assert waits
    assert "the server asks to wait 1 s; 3 requests waiting" in waits[0]


def test_an_address_in_a_message_holds_no_secret():
    teacher = Endpoint(base_url="http://127.0.0.1:9/v1?key=secret", model="m")
    with pytest.raises(EndpointUnreachableError) as caught:
        check_endpoint(teacher)
    assert "secret" not in str(caught.value)
