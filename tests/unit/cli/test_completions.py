"""`kedro completions` as a user types it."""

import json

from click.testing import CliRunner, Result

from instruction_tuning.cli.completions import completions
from instruction_tuning.lm.completion import Choice, Completion
from instruction_tuning.lm.completion_store import CompletionStore

A, B = "a" * 32, "ab" + "0" * 30


def kedro(*words: object) -> Result:
    return CliRunner().invoke(completions, [str(word) for word in words])


def filled(path):
    with CompletionStore(path) as store:
        store.put(
            [
                Completion(A, "answer", "teacher", "ok", (Choice("forty-two", "stop"),), 10, 5, True, 0.5),
                Completion(B, "rating", "judge", "failed", error="HTTP 500", price_usd=0.0),
            ]
        )
        store.note_sent([(A, 0.125)])
    return path


def test_a_list_counts_by_kind_model_and_status_and_tells_what_never_came_back(tmp_path):
    done = kedro("list", "--store", filled(tmp_path / "store.sqlite"))
    assert done.exit_code == 0, done.output
    rows = [line.split()[:4] for line in done.output.splitlines()]
    assert ["answer", "teacher", "ok", "1"] in rows and ["rating", "judge", "failed", "1"] in rows
    assert "1 request on the way, lost, or" in done.output and "$0.1250" in done.output
    told = json.loads(kedro("list", "--json", "--store", tmp_path / "store.sqlite").output)
    assert [kind["price_usd"] for kind in told["kinds"]] == [0.5, 0.0]


def test_lost_requests_are_forgotten_when_the_user_says_so(tmp_path):
    store = filled(tmp_path / "store.sqlite")
    assert "1 request forgotten, for $0.1250" in kedro("forget-lost", "--store", store).output
    listed = kedro("list", "--store", store).output
    assert "2 requests" in listed and "on the way" not in listed


def test_a_request_is_shown_by_the_beginning_of_its_id(tmp_path):
    store = filled(tmp_path / "store.sqlite")
    shown = kedro("show", "aa", "--store", store).output
    assert "forty-two" in shown and "$0.500000" in shown and "answer by teacher: ok" in shown
    assert json.loads(kedro("show", "ab", "--json", "--store", store).output)["error"] == "HTTP 500"
    both = kedro("show", "a", "--store", store)
    assert both.exit_code == 1 and A in both.output and "more than one" in both.output
    assert "no request begins" in kedro("show", "%", "--store", store).output


def test_an_export_is_imported_elsewhere(tmp_path):
    file = tmp_path / "export.jsonl"
    assert "2 requests written" in kedro("export", file, "--store", filled(tmp_path / "store.sqlite")).output
    done = kedro("import", file, "--store", tmp_path / "new" / "store.sqlite")
    assert "2 requests added" in done.output
    assert "2 were here already" in kedro("import", file, "--store", tmp_path / "new" / "store.sqlite").output


def test_where_no_store_is_nothing_is_made(tmp_path):
    done = kedro("list", "--store", tmp_path / "store.sqlite")
    assert done.exit_code == 1 and "no completion store" in done.output
    assert not (tmp_path / "store.sqlite").exists()
