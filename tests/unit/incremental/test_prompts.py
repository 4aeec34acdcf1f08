"""What a node has read of prompts is in its record, and the text beside it."""

import pytest
from workshop import Step, Workshop

from instruction_tuning.incremental.records import ExecutionRecords

CHAIN = (Step(()), Step((0,), in_memory=True), Step((1,)))
ASKING = "shop.step_1"


@pytest.fixture
def workshop(tmp_path):
    return Workshop(tmp_path / "project", CHAIN)


def test_a_record_names_the_prompts_of_its_own_node(workshop):
    workshop.run(prompts={ASKING: {"rating": "Rate it."}})
    records = ExecutionRecords(workshop.folder / "data")
    (name, digest), *others = records.newest(ASKING).prompts.items()
    assert (name, others) == ("rating", [])
    assert records.prompt_file(name, digest).read_text() == "Rate it.\n"
    assert records.newest("shop.step_0").prompts == {} == records.newest("shop.step_2").prompts


def test_an_edited_prompt_leaves_the_earlier_text(workshop):
    for text in ("Rate it.", "Rate it well."):
        workshop.run(prompts={ASKING: {"rating": text}}, force=True)
    texts = {file.read_text() for file in (workshop.folder / "data/.executions/.prompts").iterdir()}
    assert texts == {"Rate it.\n", "Rate it well.\n"}


def test_a_run_knows_the_prompts_of_what_it_has_taken(workshop):
    workshop.run(prompts={ASKING: {"rating": "Rate it."}})
    assert workshop.run() == set()
    assert [name for name, _ in workshop.known_prompts] == ["rating"]
