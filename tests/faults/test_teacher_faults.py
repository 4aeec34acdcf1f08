import sqlite3
import time

import pytest
from chat_requests import asking as asking_for
from chat_requests import endpoint
from chat_server import ChatServer

from instruction_tuning.errors import (
    AuthenticationError,
    EndpointUnreachableError,
    FailureRateError,
    LanguageModelError,
    WorkspaceError,
)
from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.lm.clients import check_endpoint
from instruction_tuning.lm.completion_store import CompletionStore
from instruction_tuning.lm.completions import CompletionLimits, complete_all
from instruction_tuning.lm.retrying import RetryPolicy

QUICK = RetryPolicy(max_retries=3, backoff_base_seconds=0.01, backoff_cap_seconds=0.05)
KEY = "sk-test-0123456789abcdef"


def asking(count: int) -> list[ChatRequest]:
    return asking_for(count, samples=2)


def limits(**changes) -> CompletionLimits:
    return CompletionLimits(**{"max_concurrency": 8, "retries": QUICK, **changes})


@pytest.fixture
def store(tmp_path):
    with CompletionStore(tmp_path / "completions.sqlite") as opened:
        yield opened


@pytest.mark.parametrize(
    "fault",
    [
        "half",
        "not_json",
        "empty",
        {"status": 500},
        {"status": 503},
        {"status": 429},
        {"status": 408},
        {"status": 200, "body": {"choices": [{"message": None}]}},
        {"status": 200, "body": ["nonsense"]},
    ],
    ids=lambda fault: fault if isinstance(fault, str) else f"{fault['status']}{fault.get('body', '')}",
)
def test_a_fault_that_passes_is_retried_and_leaves_no_trace(store, tmp_path, fault):
    with ChatServer() as calm, CompletionStore(tmp_path / "calm.sqlite") as calm_store:
        expected = complete_all(endpoint(calm), asking(6), calm_store, limits())
    with ChatServer(lambda body, attempt: fault if attempt < 2 and body["seed"] % 2 else None) as server:
        frame = complete_all(endpoint(server), asking(6), store, limits())
        assert sorted(server.served().values()) == [1, 1, 1, 3, 3, 3]
    assert frame.equals(expected)


@pytest.mark.parametrize("fault", ["stall", "drip"])
def test_a_stalled_request_is_given_up_after_its_timeout_and_sent_again(store, fault):
    with ChatServer(lambda body, attempt: fault if attempt == 0 else None) as server:
        frame = complete_all(endpoint(server, timeout_seconds=0.3), asking(2), store, limits())
    assert frame["status"].eq("ok").all()


def test_retry_after_is_waited_for_by_every_sender(store):
    arrived = []

    def storm(body, attempt):
        arrived.append(time.monotonic())
        return {"status": 429, "headers": {"Retry-After": "1"}} if len(arrived) == 1 else None

    with ChatServer(storm) as server:
        complete_all(endpoint(server), asking(4), store, limits(max_concurrency=1))
    assert arrived[1] - arrived[0] >= 1.0
    assert arrived[-1] - arrived[1] < 1.0


def test_a_storm_of_429_does_not_use_up_the_retries(store):
    with ChatServer(lambda body, attempt: {"status": 429} if attempt < 6 else None) as server:
        frame = complete_all(endpoint(server), asking(4), store, limits())
    assert frame["status"].eq("ok").all()


def test_a_refused_request_is_a_failed_row_and_is_not_repeated(store):
    refusal = {"status": 400, "body": {"error": {"message": "too long"}}}
    with ChatServer(lambda body, attempt: refusal if body["seed"] == 0 else None) as server:
        frame = complete_all(endpoint(server), asking(10), store, limits(max_failure_rate=0.1))
        assert len(server.requests) == 10
    failed = frame.loc[frame["status"] == "failed"]
    assert failed["record_id"].tolist() == ["record000"] * 2
    assert failed["error"].str.contains("HTTP 400.*too long").all()
    assert failed["response"].isna().all()


def test_too_many_failures_stop_the_run_and_the_next_run_sends_only_what_is_missing(store):
    broken = {"on": True}
    fault = {"status": 500, "body": {"error": {"message": "out of memory"}}}
    with ChatServer(lambda body, attempt: fault if broken["on"] and body["seed"] < 5 else None) as server:
        with pytest.raises(FailureRateError, match=r"5 of 10 .*5 × HTTP 500.*out of memory"):
            complete_all(endpoint(server), asking(10), store, limits())
        assert (store.count("ok"), store.count("failed")) == (5, 5)
        broken["on"] = False
        server.requests.clear()
        frame = complete_all(endpoint(server), asking(10), store, limits())
        assert sorted({body["seed"] for body in server.requests}) == [0, 1, 2, 3, 4]
        assert len(server.requests) == 5
    assert frame["status"].eq("ok").all()
    assert store.count("failed") == 0


def test_a_hopeless_endpoint_is_not_asked_for_everything(store):
    with ChatServer(lambda body, attempt: {"status": 404}) as server:
        with pytest.raises(FailureRateError, match="HTTP 404"):
            complete_all(endpoint(server), asking(300), store, limits())
        assert len(server.requests) < 60


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_stops_at_once_and_names_the_variable(store, monkeypatch, status):
    monkeypatch.setenv("TEACHER_KEY", KEY)
    fault = {"status": status, "body": {"error": {"message": f"bad key {KEY}"}}}
    with ChatServer(lambda body, attempt: fault) as server:
        with pytest.raises(AuthenticationError, match="TEACHER_KEY") as caught:
            complete_all(endpoint(server, api_key_env="TEACHER_KEY"), asking(100), store, limits())
        assert len(server.requests) <= 8
    assert KEY not in str(caught.value)


def test_requests_in_flight_are_stored_when_the_key_is_refused_in_mid_run(store):
    def revoked(body, attempt):
        return {"status": 401} if body["seed"] == 20 else None

    with ChatServer(revoked, delay_seconds=0.02) as server:
        with pytest.raises(AuthenticationError):
            complete_all(endpoint(server), asking(60), store, limits())
        assert len(server.requests) < 40
    assert store.count("ok") == len(server.requests) - 1


@pytest.mark.parametrize("seed", [0, 30])
def test_a_403_for_one_prompt_is_a_failed_row_whether_it_comes_first_or_later(store, seed):
    refusal = {"status": 403, "body": {"error": {"message": "flagged"}}}

    def moderated(body, attempt):
        # Sooner than any good answer, as moderation is.
        time.sleep(0 if body["seed"] == seed else 0.01)
        return refusal if body["seed"] == seed else None

    with ChatServer(moderated) as server:
        frame = complete_all(endpoint(server), asking(40), store, limits())
        assert len(server.requests) == 40
    failed = frame.loc[frame["status"] == "failed"]
    assert failed["record_id"].unique().tolist() == [f"record{seed:03d}"]
    assert failed["error"].str.contains("HTTP 403.*flagged").all()


def test_a_server_that_only_says_429_is_asked_less_and_less_often(store):
    """A thousand tries would make the ban longer."""
    policy = RetryPolicy(backoff_base_seconds=0.05, rate_limit_patience_seconds=4.0)
    server = ChatServer(lambda body, attempt: {"status": 429})
    with server, pytest.raises(FailureRateError, match=r"429"):
        complete_all(endpoint(server), asking(100), store, limits(retries=policy, max_concurrency=16))
    # 16 at once, then 8, 4, 2, 1, and one after each wait, which is twice as long as the one before.
    assert 16 < len(server.requests) < 80


def test_a_server_that_says_429_for_ever_is_given_up_after_the_patience(store):
    impatient = RetryPolicy(backoff_base_seconds=0.01, rate_limit_patience_seconds=0.5)
    with ChatServer(lambda body, attempt: {"status": 429}) as server:
        started = time.monotonic()
        with pytest.raises(FailureRateError, match=r"429.*rate_limit_patience_seconds"):
            complete_all(endpoint(server), asking(6), store, limits(retries=impatient, max_concurrency=2))
    # Once for the server, not once for each request.
    assert time.monotonic() - started < 2.5


def test_a_store_that_fails_in_mid_run_stops_it_and_what_was_in_flight_is_stored_later(tmp_path, monkeypatch):
    monkeypatch.setattr("instruction_tuning.lm.completion_store._BUSY_SECONDS", 0.05)
    path, failed = tmp_path / "completions.sqlite", []

    class Store(CompletionStore):
        def put(self, completions, **notes):
            try:
                super().put(completions, **notes)
            except WorkspaceError:
                other.execute("ROLLBACK")
                failed.append(completions)
                raise

    def lock(body, attempt):
        if len(server.requests) >= 20 and not failed and not other.in_transaction:
            other.execute("BEGIN IMMEDIATE")

    with ChatServer(lock, delay_seconds=0.02) as server, Store(path) as store:
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        with pytest.raises(WorkspaceError, match="locked"):
            complete_all(endpoint(server), asking(100), store, limits())
        other.close()
        assert len(server.requests) < 50
        assert store.count("ok") == len(server.requests)


def test_the_check_before_a_run_finds_a_refused_key_and_tolerates_a_missing_list(monkeypatch):
    monkeypatch.setenv("TEACHER_KEY", KEY)
    with ChatServer() as server:
        server.models_status = 404
        check_endpoint(endpoint(server))
        server.models_status = 401
        with pytest.raises(AuthenticationError, match="TEACHER_KEY"):
            check_endpoint(endpoint(server, api_key_env="TEACHER_KEY"))
        assert not server.requests


def test_the_key_reaches_the_server_and_nothing_else(tmp_path, monkeypatch, caplog):
    caplog.set_level("DEBUG")
    monkeypatch.setenv("TEACHER_KEY", KEY)
    path = tmp_path / "completions.sqlite"
    with ChatServer(lambda body, attempt: "echo_key" if body["seed"] == 0 else None) as server:
        with CompletionStore(path) as store:
            frame = complete_all(
                endpoint(server, api_key_env="TEACHER_KEY"), asking(3), store, limits(max_failure_rate=1.0)
            )
        assert server.keys == {f"Bearer {KEY}"}
    assert "[key]" in frame["error"].dropna().iloc[0]
    assert KEY not in frame.to_csv()
    assert KEY not in caplog.text
    assert all(KEY.encode() not in file.read_bytes() for file in tmp_path.iterdir())


def test_an_account_without_credit_is_not_retried(store):
    fault = {"status": 429, "body": {"error": {"code": "insufficient_quota", "message": "pay"}}}
    with ChatServer(lambda body, attempt: fault) as server:
        with pytest.raises(LanguageModelError, match="no credit"):
            complete_all(endpoint(server), asking(50), store, limits())
        assert len(server.requests) <= 8


def test_a_server_that_dies_during_the_run_is_named_and_its_answers_are_kept(store):
    with ChatServer(delay_seconds=0.01) as server:

        def die_after_twenty(body, attempt):
            server.dead = len(server.requests) > 20

        server.fault = die_after_twenty
        with pytest.raises(EndpointUnreachableError, match=server.base_url):
            complete_all(endpoint(server), asking(100), store, limits())
    assert store.count("ok") >= 20


def test_a_store_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "broken.sqlite").write_bytes(b"not a database " * 100)
    with pytest.raises(WorkspaceError, match=r"broken\.sqlite"):
        CompletionStore(tmp_path / "broken.sqlite")
    (tmp_path / "file").touch()
    with pytest.raises(WorkspaceError, match="completion store"):
        CompletionStore(tmp_path / "file" / "completions.sqlite")


def test_choices_with_one_index_and_replies_with_one_id_are_samples_of_their_own(store):
    def same(body, attempt):
        choices = [
            {"index": 0, "message": {"content": f"answer {body['seed']} {n}"}, "finish_reason": "stop"}
            for n in range(2)
        ]
        return {"status": 200, "body": {"id": "chatcmpl-1", "choices": choices}}

    with ChatServer(same) as server:
        frame = complete_all(endpoint(server), asking(2), store, limits())
        assert len(server.requests) == 2
    assert frame["response"].tolist() == ["answer 0 0", "answer 0 1", "answer 1 0", "answer 1 1"]


@pytest.mark.parametrize(
    "body", [{"choices": []}, {"error": "?"}, {"choices": [{"message": {"content": 3}}]}]
)
def test_a_reply_that_never_makes_sense_is_a_failed_row_with_its_reason(store, body):
    with ChatServer(lambda asked, attempt: {"status": 200, "body": body}) as server:
        frame = complete_all(endpoint(server), asking(1), store, limits(max_failure_rate=1.0))
    assert frame["status"].tolist() == ["failed", "failed"]
    assert frame["error"].notna().all() and frame["response"].isna().all()
