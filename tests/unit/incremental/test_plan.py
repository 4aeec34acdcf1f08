"""What a plan says in all: how many nodes run, and how long that takes."""

from pathlib import Path

import pytest
from workshop import Step, Workshop

from instruction_tuning.incremental.decisions import Action
from instruction_tuning.incremental.plan import Plan, PlannedNode
from instruction_tuning.incremental.records import Execution, ExecutionRecords


def last_line(*seconds: float | None) -> str:
    """Of a plan with one certain node, and one possible one for each of the other `seconds`."""
    nodes = [
        PlannedNode(f"n{index}", Action.MAYBE if index else Action.RUN, "", taken)
        for index, taken in enumerate(seconds)
    ]
    return Plan(tuple(nodes)).render().splitlines()[-1]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        ((None, None), "; expected time not known yet"),
        ((4.0, 1.0), "; expected 4 s to 5 s"),
        ((4.0, None), "; expected 4 s to 4 s, and 1 nodes that were never timed"),
    ],
)
def test_the_expected_time_is_said_as_far_as_it_is_known(seconds, said):
    assert last_line(*seconds).endswith(f"are reused{said}")


def test_the_expected_time_of_a_node_is_the_median_of_its_runs(tmp_path):
    records = ExecutionRecords(tmp_path)
    assert records.usual_seconds("n") is None
    for index, seconds in enumerate((0.1, 2.0, 90.0)):
        execution = Execution("n", str(index), "2026", seconds, "s", {}, {}, {}, {}, {}, {}, {}, [], "")
        records.write(execution)
    assert records.usual_seconds("n") == 2.0


def test_a_file_of_the_package_is_called_a_file(tmp_path: Path):
    workshop = Workshop(tmp_path / "project", (Step(()),))
    words = workshop.source("tools").with_name("words.txt")
    words.write_text("one")
    workshop.edit("tools", "SCALE_0 = 3", "SCALE_0 = 3 + 0 * len(__file__)")
    workshop.run()
    words.write_text("two")
    assert workshop.run() == {"shop.step_0"}
    assert workshop.reasons["shop.step_0"] == "file workshop_package/words.txt changed"


def test_files_and_folders_that_a_parameter_names_count_by_content(tmp_path: Path):
    workshop = Workshop(tmp_path / "project", (Step(()),))
    workshop.edit("step_0", "total + parameter", "total + len(parameter)")
    workshop.parameters["p0"] = "data/sets"
    sets = workshop.folder / "data" / "sets"
    sets.mkdir()
    (sets / "a.jsonl").write_text("one")
    assert workshop.run() == {"shop.step_0"}
    assert workshop.run() == set()
    (sets / "a.jsonl").write_text("two")
    assert workshop.run() == {"shop.step_0"} and "sets" in workshop.reasons["shop.step_0"]
    (sets / "b.jsonl").write_text("")
    assert workshop.run() == {"shop.step_0"}
