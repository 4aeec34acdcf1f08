"""Requests that failed in one run are sent again by the next, and not for ever."""

import json

import pytest
from workshop import Step, Workshop

from instruction_tuning.incremental.records import ExecutionRecords

CHAIN = (Step(()), Step((0,)), Step((1,)))
BEHIND_MEMORY = (Step(()), Step((0,), in_memory=True), Step((1,)), Step((1,)), Step((2,)))
ASKING = "shop.step_1"


@pytest.fixture
def workshop(tmp_path):
    """raw -> d0 -> d1 -> d2, run once; of the requests behind d1 two failed."""
    made = Workshop(tmp_path / "project", CHAIN)
    made.run(failed_requests={ASKING: ["a", "b"]})
    return made


def test_the_next_run_asks_again_and_takes_what_follows(workshop):
    assert workshop.plan()[ASKING] == ("run", "2 requests failed last time")
    assert workshop.run() == {ASKING}
    assert workshop.reasons[ASKING] == "2 requests failed last time"
    assert workshop.run() == set()


def test_the_same_failures_twice_are_the_end_of_it(workshop, caplog):
    assert workshop.run(failed_requests={ASKING: ["b", "a"]}) == {ASKING}
    assert f"{ASKING}: 2 requests failed again" in caplog.text
    assert f"kedro run --force --nodes={ASKING}" in caplog.text
    assert workshop.run() == set()
    assert workshop.reasons[ASKING].endswith("; 2 requests failed twice")


def test_as_long_as_fewer_fail_each_run_tries(workshop):
    assert workshop.run(failed_requests={ASKING: ["a"]}) == {ASKING}
    assert workshop.run(failed_requests={ASKING: ["a"]}) == {ASKING}
    assert workshop.run() == set()


def test_a_forced_run_that_has_them_all_ends_it(workshop):
    workshop.run(failed_requests={ASKING: ["a", "b"]})
    workshop.run(force=True)
    assert workshop.run() == set()
    assert "failed" not in workshop.reasons[ASKING]


def test_failures_of_a_node_that_broke_off_are_not_those_of_the_next(workshop):
    workshop.parameters["p0"] = 5
    workshop.run(failed_requests={"shop.step_0": ["c"]}, failed="d0")
    assert workshop.run() == {"shop.step_0"}


def test_what_lives_in_memory_is_asked_for_again_by_all_that_read_it(tmp_path):
    workshop = Workshop(tmp_path / "project", BEHIND_MEMORY)
    workshop.run(failed_requests={ASKING: ["a"]})
    assert workshop.plan()["shop.step_2"] == ("run", f"1 request failed last time in {ASKING}")
    assert workshop.run() == {ASKING, "shop.step_2", "shop.step_3"}
    assert workshop.reasons["shop.step_4"].startswith("unchanged since")
    assert workshop.run() == set()


def test_what_lives_in_memory_and_fails_twice_is_left(tmp_path):
    workshop = Workshop(tmp_path / "project", BEHIND_MEMORY)
    workshop.run(failed_requests={ASKING: ["a"]})
    assert ASKING in workshop.run(failed_requests={ASKING: ["a"]})
    assert workshop.run() == set()
    # Nothing is stored of it: those who read it are told that it has changed.
    workshop.run(force=True, part={"node_names": [ASKING]})
    assert workshop.run() == {ASKING, "shop.step_2", "shop.step_3"}


def test_the_records_of_both_sides_agree_on_what_passed_through_memory(tmp_path):
    workshop = Workshop(tmp_path / "project", BEHIND_MEMORY)
    for failed in (["a", "b"], ["a"], ["a"], []):
        workshop.run(failed_requests={ASKING: failed}, force=not failed)
        records = ExecutionRecords(workshop.folder / "data")
        made = records.newest(ASKING).outputs["d1"]
        assert made == records.newest("shop.step_2").inputs["d1"]


def test_a_record_from_before_there_was_such_a_field_is_taken(workshop):
    for file in (workshop.folder / "data" / ".executions").glob("*/*.json"):
        content = json.loads(file.read_text())
        del content["failed_requests"]
        file.write_text(json.dumps(content))
    assert ExecutionRecords(workshop.folder / "data").newest(ASKING).failed_requests is None
    assert workshop.run() == set()
