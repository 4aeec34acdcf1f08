"""Which run paid for which request, in a real store."""

import sqlite3

import pytest

from instruction_tuning.lm.completion import Completion
from instruction_tuning.lm.completion_store import CompletionStore
from instruction_tuning.lm.payments import SESSION_VARIABLE

FIRST, SECOND = "2024-05-06T07.08.09.123Z", "2024-05-07T07.08.09.123Z"


def completion(request_id="a", status="ok", price_usd: float | None = 0.25) -> Completion:
    return Completion(request_id, "answer", "teacher", status, price_usd=price_usd)


@pytest.fixture
def store(tmp_path):
    with CompletionStore(tmp_path / "store.sqlite") as opened:
        yield opened


def paid(store, *request_ids):
    return [
        (payment.request_id, payment.session, payment.price_usd) for payment in store.payments(request_ids)
    ]


def test_each_request_is_paid_by_the_run_that_sent_it(store, monkeypatch):
    monkeypatch.setenv(SESSION_VARIABLE, FIRST)
    store.put([completion("a"), completion("b")])
    monkeypatch.setenv(SESSION_VARIABLE, SECOND)
    store.put([completion("c", price_usd=None)])
    assert paid(store, "a", "c", "never sent") == [("a", FIRST, 0.25), ("c", SECOND, None)]
    assert [payment.request_id for payment in store.payments_of(FIRST)] == ["a", "b"]


def test_a_failed_attempt_stays_with_the_run_that_paid_it(store, monkeypatch):
    monkeypatch.setenv(SESSION_VARIABLE, FIRST)
    failed = completion(status="failed", price_usd=0.25)
    store.put([failed])
    monkeypatch.setenv(SESSION_VARIABLE, SECOND)
    store.put([completion(price_usd=0.5).with_cost_of(failed)])
    assert store.find(["a"])["a"].price_usd == 0.75
    assert paid(store, "a") == [("a", FIRST, 0.25), ("a", SECOND, 0.5)]


def test_without_a_run_the_payer_is_not_known(store, monkeypatch):
    monkeypatch.delenv(SESSION_VARIABLE, raising=False)
    store.put([completion()])
    assert paid(store, "a") == [("a", None, 0.25)]


def test_a_batch_that_is_not_stored_is_not_booked(store):
    with pytest.raises(Exception, match="completion store"):
        store.put([completion("a"), completion("b", status="unheard of")])
    assert paid(store, "a", "b") == []


def test_a_store_from_before_knows_day_and_price(tmp_path):
    path = tmp_path / "store.sqlite"
    with CompletionStore(path) as store:
        store.put([completion()])
    old = sqlite3.connect(path)
    old.execute("DROP TABLE payments")
    old.execute("UPDATE completions SET finished_at = '2024-01-02 03:04:05'")
    old.commit()
    old.close()
    for _ in range(2):  # once is enough
        with CompletionStore(path) as store:
            (payment,) = store.payments(["a"])
    assert (payment.session, payment.price_usd, payment.paid_at[:10]) == (None, 0.25, "2024-01-02")


def test_more_requests_than_sqlite_binds_are_found(store):
    store.put([completion(str(number)) for number in range(1500)])
    assert len(store.payments(str(number) for number in range(2000))) == 1500
