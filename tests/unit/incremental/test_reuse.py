"""What makes a node run again, what does not, and what it says."""

import json
import os
import shutil
from pathlib import Path

import pytest
from workshop import PACKAGE, Step, Workshop, versions_of

CHAIN = (Step(()), Step((0,), in_memory=True), Step((1,)), Step((2,)))


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """raw -> d0 -> (d1 in memory) -> d2 -> d3, run once."""
    made = Workshop(tmp_path / "project", CHAIN)
    assert made.run() == {"shop.step_0", "shop.step_1", "shop.step_2", "shop.step_3"}
    return made


def test_the_first_run_says_that_nothing_ever_ran(tmp_path):
    workshop = Workshop(tmp_path / "project", CHAIN)
    workshop.run()
    assert workshop.reasons["shop.step_0"] == "never ran"
    assert workshop.reasons["shop.step_1"] == "never ran"


def test_an_unchanged_run_runs_nothing_and_saves_nothing(workshop):
    assert workshop.run() == set()
    assert len(versions_of(workshop, "d0")) == 1
    assert workshop.reasons["shop.step_0"].startswith("unchanged since 20")
    assert workshop.reasons["shop.step_1"] == "nothing asks for its outputs"


def test_a_changed_parameter_is_named_with_both_values(workshop):
    workshop.parameters["p2"] = 40
    assert workshop.run() == {"shop.step_1", "shop.step_2", "shop.step_3"}
    assert workshop.reasons["shop.step_2"] == "parameter p2 3 -> 40"
    assert workshop.reasons["shop.step_3"] == "input d2 changed"


def test_a_changed_function_is_named(workshop):
    workshop.edit("tools", "x * SCALE_3 + offset", "x * SCALE_3 - offset")
    assert workshop.run() == {"shop.step_3"}
    assert workshop.reasons["shop.step_3"] == f"code of {PACKAGE}.tools.tool_3 changed"


def test_a_changed_byte_of_an_input_is_seen_and_a_touched_file_is_not(workshop):
    os.utime(workshop.raw)
    assert workshop.run() == set()
    status = workshop.raw.stat()
    workshop.raw.write_text("[4]")
    os.utime(workshop.raw, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert "shop.step_0" in workshop.run()
    assert workshop.reasons["shop.step_0"] == "input raw changed"


def test_a_missing_output_is_made_again_and_what_follows_is_not(workshop):
    shutil.rmtree(workshop.folder / "data" / "d2.json")
    assert workshop.run() == {"shop.step_1", "shop.step_2"}
    assert workshop.reasons["shop.step_2"] == "output d2 is missing"
    assert workshop.reasons["shop.step_1"] == "shop.step_2 asks for what it keeps in memory only"


def test_an_output_that_was_edited_by_hand_is_not_taken(workshop):
    file = workshop.folder / "data/d0.json" / versions_of(workshop, "d0")[0] / "d0.json"
    file.write_text("[0, 1]")
    assert workshop.run() == {"shop.step_0"}
    assert workshop.reasons["shop.step_0"] == "output d0 was changed since"


def test_going_back_to_an_earlier_parameter_takes_the_earlier_version(workshop):
    first = workshop.results()
    workshop.parameters["p0"] = 7
    workshop.run()
    assert workshop.results() != first
    workshop.parameters["p0"] = 1
    assert workshop.run() == set()
    assert workshop.results() == first


def test_save_arguments_count_and_so_does_nothing_about_places(workshop):
    workshop.save_args["indent"] = 1
    assert workshop.run() == {f"shop.step_{index}" for index in range(4)}
    assert workshop.reasons["shop.step_0"] == "catalog entry d0 changed"


def test_a_copy_of_project_and_data_elsewhere_runs_nothing(workshop, tmp_path):
    first = workshop.results()
    copy = workshop.copy_to(tmp_path / "elsewhere")
    shutil.rmtree(workshop.folder)
    assert copy.run() == set()
    assert copy.results() == first


def test_force_runs_everything_and_makes_the_same(workshop):
    first = workshop.results()
    assert len(workshop.run(force=True)) == 4
    assert workshop.results() == first
    assert workshop.run() == set()


def test_a_pinned_output_is_not_made_and_counts_by_its_own_content(workshop):
    pinned = versions_of(workshop, "d2")[0]
    workshop.parameters["p2"] = 40
    assert workshop.run(load_versions={"d2": pinned}) == set()
    assert workshop.reasons["shop.step_2"] == "pinned by --load-versions"
    workshop.run()
    newer = versions_of(workshop, "d2")[1]
    workshop.edit("tools", "SCALE_3 = 3", "SCALE_3 = 5")
    assert workshop.run(load_versions={"d2": pinned}) == {"shop.step_3"}
    with_old = workshop.results()["d3"]
    assert workshop.run(load_versions={"d2": newer}) == {"shop.step_3"}
    assert workshop.results()["d3"] != with_old


@pytest.mark.parametrize(
    "part",
    [
        {"to_nodes": ["shop.step_1"]},
        {"to_outputs": ["d0"]},
        {"to_outputs": ["d2"]},
        {"tags": ["tag_0", "tag_1"]},
        {"from_nodes": ["shop.step_1"], "to_nodes": ["shop.step_2"]},
        {"node_namespaces": ["shop"]},
    ],
)
def test_an_unchanged_part_of_the_chain_runs_nothing(workshop, part):
    assert workshop.run(part=part) == set()


def test_what_is_kept_in_memory_is_made_for_who_asks_for_it_by_name(workshop):
    assert workshop.run(part={"to_outputs": ["d1"]}) == {"shop.step_1"}
    assert workshop.made_in_memory == {"d1"}


def test_what_no_node_reads_goes_back_to_who_started_the_run(tmp_path):
    workshop = Workshop(tmp_path / "project", (Step(()), Step((0,), in_memory=True)))
    workshop.run()
    assert workshop.run() == {"shop.step_1"}
    assert workshop.reasons["shop.step_1"] == "d1 is asked for and kept in memory only"


def test_nodes_before_a_failure_are_kept(tmp_path):
    workshop = Workshop(tmp_path / "project", CHAIN)
    workshop.edit("step_3", "return [", "return [1 / 0,")
    with pytest.raises(ZeroDivisionError):
        workshop.run()
    workshop.edit("step_3", "return [1 / 0,", "return [")
    assert workshop.run() == {"shop.step_3"}


def test_the_plan_says_what_will_be_and_runs_nothing(workshop):
    workshop.parameters["p0"] = 7
    assert workshop.plan() == {
        "shop.step_0": ("run", "parameter p0 1 -> 7"),
        "shop.step_1": ("maybe", "for shop.step_2: kept in memory only"),
        "shop.step_2": ("maybe", "if d1 will differ"),
        "shop.step_3": ("maybe", "if d2 will differ"),
    }
    assert len(versions_of(workshop, "d0")) == 1


def test_equal_content_from_a_node_that_ran_stops_there(tmp_path):
    workshop = Workshop(tmp_path / "project", (Step((), coarse=True), Step((0,))))
    workshop.run()
    workshop.edit("tools", "x * SCALE_0 + offset", "x * SCALE_0 + offset + 0")
    assert workshop.run() == {"shop.step_0"}
    assert len(versions_of(workshop, "d0")) == 2


def test_a_half_written_or_unknown_record_is_no_record(workshop):
    for record in (workshop.folder / "data/.executions").glob("shop.step_3/*.json"):
        record.write_text(record.read_text()[:100])
    assert workshop.run() == {"shop.step_3"}
    assert workshop.reasons["shop.step_3"] == "never ran"


def test_a_record_has_no_absolute_path_and_no_secret(tmp_path):
    workshop = Workshop(tmp_path / "project", CHAIN)
    workshop.parameters["p0"] = 1
    workshop.run()
    records = list((workshop.folder / "data/.executions").rglob("*.json"))
    assert len(records) == 4
    for record in records:
        assert str(tmp_path) not in record.read_text()
        assert json.loads(record.read_text())["schema"] == 1


def test_a_node_whose_effect_failed_runs_again_even_after_it_had_succeeded(workshop):
    workshop.run(force=True, failed="d3")
    assert workshop.run() == {"shop.step_3"}
    assert workshop.run() == set()
