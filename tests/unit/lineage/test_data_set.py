"""Which prompts a stored data set is of."""

from pathlib import Path

import pytest
from lineage_builders import StoredProject

from instruction_tuning.incremental.records import StoredState
from instruction_tuning.lineage.data_set import data_set_story, makers_of, prompts_of
from instruction_tuning.lineage.provenance import chain_of
from instruction_tuning.lineage.wording import data_set_text

OLD, NEW = "0" * 12, "1" * 12
POOL = {"instruction_pool": "v1"}


@pytest.fixture
def made(tmp_path: Path) -> StoredProject:
    """Answers in memory, rated twice: with a prompt, and with the prompt as it was edited."""
    project = StoredProject(tmp_path)
    project.save("verified_examples", "v2", [{"record_id": "a"}])
    project.ran("read", {}, POOL)
    project.ran("tag", POOL, {"gold_answers": "v1"}, prompts={"tagging": OLD})
    project.ran("ask", POOL, {"answers": "memory"}, prompts={"answer_system": OLD})
    for version, digest in (("v1", OLD), ("v2", NEW)):
        rated = {"verified_examples": version}
        project.ran("rate", {"answers": "memory"}, rated, prompts={"rating": digest})
    return project


@pytest.mark.parametrize(("version", "digest"), [("v1", OLD), ("v2", NEW)])
def test_each_version_names_the_prompts_that_made_it(made: StoredProject, version: str, digest: str) -> None:
    story = data_set_story("verified_examples", version, made.store, made.executions)
    assert story["prompts"] == [
        {"node": "ask", "name": "answer_system", "digest": OLD},
        {"node": "rate", "name": "rating", "digest": digest},
    ]


def test_a_version_in_words(made: StoredProject) -> None:
    text = data_set_text(data_set_story("verified_examples", "v2", made.store, made.executions))
    assert text.splitlines() == [
        "verified_examples v2, 1 row",
        "  node        rate, 2026-01-01T00:00:05.000+00:00",
        "  input       answers kept in memory only",
        f"  prompt      answer_system {OLD}, of ask",
        f"  prompt      rating {NEW}, of rate",
    ]


def test_what_no_record_is_of_says_so(made: StoredProject) -> None:
    story = data_set_story("verified_examples", "v9", made.store, made.executions)
    assert (story["node"], story["prompts"]) == (None, [])
    assert "no record says who made it" in data_set_text(story)


def test_those_that_made_a_frame_are_its_node_and_what_that_had_from_memory(made: StoredProject) -> None:
    chain = chain_of(made.executions, {"verified_examples": StoredState("unknown", "v1")}, made.store)
    found = prompts_of(makers_of(["verified_examples"], chain))
    assert [(one["name"], one["digest"]) for one in found] == [("answer_system", OLD), ("rating", OLD)]


def test_records_from_before_there_were_prompts_name_none(made: StoredProject) -> None:
    project = made.ran("mix", {"verified_examples": "v2"}, {"sft_mixture": "v1"})
    assert prompts_of([project]) == []
