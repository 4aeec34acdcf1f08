import sqlite3

import pytest

from instruction_tuning.errors import WorkspaceError
from instruction_tuning.lm.completion import Choice, Completion
from instruction_tuning.lm.completion_store import CompletionStore


def completion(request_id="a", status="ok", **changes) -> Completion:
    return Completion(request_id, "answer", "teacher", status, **changes)


def test_what_is_put_is_found_again_after_reopening(tmp_path):
    row = completion(
        choices=(Choice("是 {x}\n", "stop"), Choice(None, "length")),
        prompt_tokens=3,
        completion_tokens=4,
        usage_reported=True,
        price_usd=0.25,
    )
    with CompletionStore(tmp_path / "deep" / "store.sqlite") as store:
        store.put([row])
    with CompletionStore(tmp_path / "deep" / "store.sqlite") as store:
        assert store.find(["a", "b"]) == {"a": row}


def test_a_failure_gives_way_to_success_and_success_to_nothing(tmp_path):
    with CompletionStore(tmp_path / "store.sqlite") as store:
        store.put([completion(status="failed", error="HTTP 500")])
        store.put([completion(choices=(Choice("paid", "stop"),))])
        store.put([completion(status="failed", error="HTTP 500")])
        store.put([completion(choices=(Choice("paid twice", "stop"),))])
        assert store.find(["a"])["a"].choices == (Choice("paid", "stop"),)
        assert (store.count("ok"), store.count("failed")) == (1, 0)


def test_more_keys_than_sqlite_binds_are_found(tmp_path):
    with CompletionStore(tmp_path / "store.sqlite") as store:
        store.put([completion(str(i)) for i in range(1500)])
        assert len(store.find(str(i) for i in range(2000))) == 1500


def test_a_row_is_on_disk_as_soon_as_it_is_put(tmp_path):
    with CompletionStore(tmp_path / "store.sqlite") as store:
        store.put([completion()])
        other = sqlite3.connect(tmp_path / "store.sqlite")
        assert other.execute("SELECT COUNT(*) FROM completions").fetchone() == (1,)
        other.close()


def test_a_batch_is_put_whole_or_not_at_all(tmp_path):
    with CompletionStore(tmp_path / "store.sqlite") as store:
        with pytest.raises(WorkspaceError, match=r"store\.sqlite"):
            store.put([completion("a"), completion("b", status="unheard of")])
        assert store.find(["a", "b"]) == {}
