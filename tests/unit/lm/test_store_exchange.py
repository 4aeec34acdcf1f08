"""Stores of two machines: what is paid for stays, and nothing is booked twice."""

import gzip

import pytest

from instruction_tuning.errors import InputError
from instruction_tuning.lm.completion import Choice, Completion
from instruction_tuning.lm.completion_store import CompletionStore
from instruction_tuning.lm.payments import SESSION_VARIABLE
from instruction_tuning.lm.store_contents import stored_kinds, token_sample
from instruction_tuning.lm.store_exchange import Merged, export_store, import_store, stored_requests

A, B, C = (letter * 32 for letter in "abc")


def completion(request_id=A, status="ok", price_usd: float | None = 0.25, **changes) -> Completion:
    changes = (
        {"choices": (Choice("是\n", "stop"),)} | changes if status == "ok" else {"error": "no"} | changes
    )
    return Completion(request_id, "answer", "teacher", status, price_usd=price_usd, **changes)


@pytest.fixture
def stores(tmp_path):
    with (
        CompletionStore(tmp_path / "here.sqlite") as here,
        CompletionStore(tmp_path / "there.sqlite") as there,
    ):
        yield here, there


@pytest.fixture
def by_run(monkeypatch):
    return lambda name: monkeypatch.setenv(SESSION_VARIABLE, name)


def paid(store, *ids):
    return sorted((one.session, one.price_usd) for one in store.payments(ids))


@pytest.mark.parametrize("by_file", [True, False])
def test_what_is_exported_is_the_same_after_the_import(stores, tmp_path, by_run, by_file):
    here, there = stores
    by_run("first")
    misfit = (Choice(None, "stop", "the reply is not JSON"), Choice("{}", "stop"))
    there.put([completion(A, seconds=1.5), completion(B, choices=misfit), completion(C, "failed")])
    source = there.path
    if by_file:
        source = tmp_path / "export.jsonl"
        assert export_store(there, source) == 3
    assert import_store(here, source) == Merged(added=3, payments=3)
    assert list(stored_requests(here)) == list(stored_requests(there))
    assert import_store(here, source) == Merged(known=3)
    assert paid(here, A, B, C) == [("first", 0.25)] * 3


def test_an_answer_takes_the_place_of_a_failure_and_of_nothing_else(stores, by_run):
    here, there = stores
    by_run("here")
    here.put([completion(A, "failed", 0.5), completion(B, choices=(Choice("mine", "stop"),))])
    by_run("there")
    there.put([completion(A, price_usd=0.25), completion(B, choices=(Choice("yours", "stop"),))])
    assert import_store(here, there.path) == Merged(replaced=1, known=1, payments=2)
    found = here.find([A, B])
    assert (found[A].status, found[A].price_usd) == ("ok", 0.75)  # both attempts were paid for
    assert found[B].choices == (Choice("mine", "stop"),)
    assert paid(here, A) == [("here", 0.5), ("there", 0.25)]
    assert import_store(there, here.path) == Merged(known=2, payments=2)
    assert there.find([A])[A].choices == found[A].choices


def test_an_answer_made_from_our_own_failure_has_its_cost_once(stores, by_run):
    here, there = stores
    by_run("here")
    failed = completion(A, "failed", 0.5)
    here.put([failed])
    import_store(there, here.path)
    by_run("there")
    there.put([completion(A, price_usd=0.25).with_cost_of(failed)])
    assert import_store(here, there.path) == Merged(replaced=1, payments=1)
    assert here.find([A])[A].price_usd == 0.75
    assert paid(here, A) == [("here", 0.5), ("there", 0.25)]


def test_two_exports_in_one_file_are_merged_like_two_files(stores, tmp_path, by_run):
    here, there = stores
    by_run("here")
    here.put([completion(A, "failed", 0.5)])
    by_run("there")
    there.put([completion(A)])
    for number, store in enumerate(stores):
        export_store(store, tmp_path / f"{number}.jsonl")
    both = tmp_path / "both.jsonl"
    both.write_text("".join((tmp_path / f"{number}.jsonl").read_text("utf-8") for number in (0, 1)), "utf-8")
    with CompletionStore(tmp_path / "third.sqlite") as third:
        assert import_store(third, both) == Merged(added=1, replaced=1, payments=2)
        assert third.find([A])[A].price_usd == 0.75


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{}", "request_id"),
        ("not json", "line 2"),
        ('{"request_id": "x"}', "request_id"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_imported(stores, tmp_path, line, told):
    here, there = stores
    there.put([completion(A)])
    file = tmp_path / "export.jsonl"
    export_store(there, file)
    file.write_text(file.read_text("utf-8") + line + "\n", "utf-8")
    with pytest.raises(InputError, match=r"line 2") as caught:
        import_store(here, file)
    assert told in str(caught.value)
    assert here.count("ok") == 0


def test_a_missing_file_itself_and_a_taken_name_are_refused(stores, tmp_path):
    here, _ = stores
    with pytest.raises(InputError, match="cannot be read"):
        import_store(here, tmp_path / "nothing")
    with pytest.raises(InputError, match="into itself"):
        import_store(here, here.path)
    with pytest.raises(InputError, match="already"):
        export_store(here, here.path)


def test_contents_are_counted_by_kind_model_and_status(stores):
    here, _ = stores
    two = (Choice("a", "stop"), Choice("b", "stop"))
    here.put(
        [
            completion(
                A, prompt_tokens=10, completion_tokens=8, usage_reported=True, choices=two, seconds=2.0
            ),
            completion(B, price_usd=None, prompt_tokens=20, completion_tokens=4, usage_reported=True),
            completion(C, "failed", 0.0),
        ]
    )
    ok, failed = stored_kinds(here)
    assert (ok.requests, ok.samples, ok.prompt_tokens, ok.price_usd, ok.unpriced) == (2, 3, 30, 0.25, 1)
    assert (failed.status, failed.requests) == ("failed", 1)
    sample = token_sample(here, "answer", "teacher")
    assert sample is not None
    assert (sample.requests, sample.prompt_tokens, sample.completion_tokens, sample.seconds) == (2, 15, 4, 2)
    assert token_sample(here, "rating", "teacher") is None


def test_a_store_from_before_times_were_kept_is_read(tmp_path):
    import sqlite3

    with CompletionStore(tmp_path / "old.sqlite") as store:
        store.put([completion(A)])
    old = sqlite3.connect(tmp_path / "old.sqlite")
    old.execute("ALTER TABLE completions DROP COLUMN seconds")
    old.commit()
    old.close()
    with CompletionStore(tmp_path / "old.sqlite") as store:
        assert store.find([A])[A] == completion(A)
        store.put([completion(B, seconds=0.5)])
        assert store.find([B])[B].seconds == 0.5


@pytest.mark.parametrize("by_file", [True, False])
def test_what_may_have_been_charged_is_known_on_the_other_machine_and_once(stores, tmp_path, by_file):
    here, there = stores
    there.put([completion(A)])
    there.note_sent([(A, 0.5), (B, 0.25), (B, 0.25)])
    source = there.path
    if by_file:
        source = tmp_path / "export.jsonl"
        assert export_store(there, source) == 1
    assert import_store(here, source) == Merged(added=1, payments=1, notes=3)
    assert here.sent_notes() == there.sent_notes() and here.sent_usd([B]) == 0.5
    assert import_store(here, source) == Merged(known=1)
    assert here.sent_total() == (3, 1.0)


def test_a_file_that_is_no_text_is_told_with_its_line(stores, tmp_path):
    file = tmp_path / "export.jsonl.gz"
    file.write_bytes(gzip.compress(b"{}"))
    with pytest.raises(InputError, match="line 1 is no stored completion"):
        import_store(stores[0], file)
