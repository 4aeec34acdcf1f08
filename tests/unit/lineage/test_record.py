import json
from pathlib import Path

import pandas as pd
import pytest
from lineage_builders import FILE, StoredProject, ingested_and_trained, record_id, registered, row_id

from instruction_tuning.errors import InputError
from instruction_tuning.incremental.records import StoredState
from instruction_tuning.lineage.membership import HELD_OUT, TRAINED, ModelContents
from instruction_tuning.lineage.naming import find_record
from instruction_tuning.lineage.provenance import Chain, chain_of
from instruction_tuning.lineage.record import RecordStory
from instruction_tuning.lineage.wording import record_text


def chain(made: StoredProject) -> Chain:
    anchors = {"canonical_instructions": StoredState("unknown", "v1")}
    return chain_of(made.executions, anchors, made.store)


def tell(made: StoredProject, name: str):
    named = find_record(name, made.store, chain(made))
    model, reader = (
        registered("1", {"sft_mixture": "v1"}, "champion"),
        ModelContents(made.store, made.executions),
    )
    story = RecordStory(named, made.store, chain(made)).tell(lambda only: [reader.of(model, only)])
    json.dumps(story, default=str)
    return story


@pytest.mark.parametrize("name", [record_id("a"), "aaaa", f"{record_id('a')}-03", row_id(0), "alpaca.json:3"])
def test_a_record_goes_by_many_names(tmp_path: Path, name: str) -> None:
    assert tell(ingested_and_trained(tmp_path), name)["record_id"] == record_id("a")


def test_a_kept_record_names_its_copies_and_the_models_trained_on_it(tmp_path: Path) -> None:
    story = tell(ingested_and_trained(tmp_path), record_id("a"))
    assert story["fate"]["decision"] == "in the pool"
    assert [copy["source_row_id"] for copy in story["copies"]] == [row_id(2), row_id(3)]
    assert story["mixture"]["part"] == "training"
    assert [model["parts"] for model in story["models"]] == [[TRAINED]]


def test_a_near_duplicate_is_in_the_model_through_the_record_that_stayed(tmp_path: Path) -> None:
    story = tell(ingested_and_trained(tmp_path), record_id("d"))
    assert (story["fate"]["stage"], story["fate"]["collides_with"]) == ("near_duplicate", record_id("a"))
    assert story["models"][0]["through"] == record_id("a")
    assert f"through its copy {record_id('a')}" in record_text(story)


def test_a_held_out_a_left_and_a_broken_row_say_so(tmp_path: Path) -> None:
    made = ingested_and_trained(tmp_path)
    assert tell(made, record_id("b"))["models"][0]["parts"] == [HELD_OUT]
    left = tell(made, record_id("c"))
    assert left["models"] == [] and left["repairs"][0]["before"] == " x "
    assert "repair      output: whitespace_stripped; before: ' x '" in record_text(left)
    broken = tell(made, row_id(6))
    assert (broken["record_id"], broken["fate"]["reason"]) == (None, "invalid_json")
    assert "the row never became one" in record_text(broken)


@pytest.mark.parametrize("letter", ["a", "d"])
def test_data_from_before_a_column_was_written_say_so(tmp_path: Path, letter: str) -> None:
    made = ingested_and_trained(tmp_path)
    file = made.store.path("rejected_records", "v1")
    pd.read_parquet(file).drop(columns="collides_with").to_parquet(file)
    with pytest.raises(InputError, match=r"file .*rejected_records.*field collides_with(.|\n)*kedro run"):
        tell(made, record_id(letter))


def test_a_stage_that_was_not_made_yet_is_named(tmp_path: Path) -> None:
    story = tell(ingested_and_trained(tmp_path), record_id("c"))
    assert story["not_available"]["selection_decisions"] == "not made yet from these data"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("aab", "did you mean aaaaaaaaaaaaaaaa"),
        ("ffff", "give a record_id"),
        (row_id(77), "rows of alpaca.json count from 1"),
        (f"{'f' * 12}:0", FILE),
        ("alpca.json:0", "did you mean alpaca.json"),
    ],
)
def test_an_unknown_name_is_refused_with_near_ones(tmp_path: Path, name: str, hint: str) -> None:
    with pytest.raises(InputError, match=hint):
        tell(ingested_and_trained(tmp_path), name)
