import json
from pathlib import Path

import pandas as pd
import pytest
from lineage_builders import (
    FILE,
    StoredProject,
    example_decision,
    ingested_and_trained,
    pair_decision,
    record_id,
    registered,
    row_id,
)

from instruction_tuning.errors import InputError
from instruction_tuning.incremental.records import StoredState
from instruction_tuning.lineage.membership import DROPPED, HELD_OUT, TRAINED, ModelContents
from instruction_tuning.lineage.naming import find_record
from instruction_tuning.lineage.provenance import Chain, chain_of
from instruction_tuning.lineage.record import RecordStory
from instruction_tuning.lineage.wording import record_text


def chain(made: StoredProject) -> Chain:
    anchors = {"canonical_instructions": StoredState("unknown", "v1")}
    return chain_of(made.executions, anchors, made.store)


def tell(made: StoredProject, name: str, events: pd.DataFrame | None = None, **data: str):
    named = find_record(name, made.store, chain(made))
    model, reader = (
        registered("1", {"sft_mixture": "v1"} | data, "champion"),
        ModelContents(made.store, made.executions),
    )
    nobody = pd.DataFrame() if events is None else events
    story = RecordStory(named, made.store, chain(made), nobody).tell(lambda only: [reader.of(model, only)])
    json.dumps(story, default=str)
    return story


@pytest.mark.parametrize("name", [record_id("a"), "aaaa", f"{record_id('a')}-03", row_id(0), "alpaca.json:3"])
def test_a_record_goes_by_many_names(tmp_path: Path, name: str) -> None:
    assert tell(ingested_and_trained(tmp_path), name)["record_id"] == record_id("a")


def test_a_kept_record_names_its_copies_and_the_models_trained_on_it(tmp_path: Path) -> None:
    story = tell(ingested_and_trained(tmp_path), record_id("a"))
    assert story["fate"]["decision"] == "in the pool"
    assert [copy["source_row_id"] for copy in story["copies"]] == [row_id(2), row_id(3)]
    assert [example["part"] for example in story["mixture"]] == ["training"]
    assert [model["parts"] for model in story["models"]] == [[TRAINED]]


def test_every_accepted_answer_of_a_record_is_told_with_its_example(tmp_path: Path) -> None:
    made = ingested_and_trained(tmp_path)
    for name, key in (("verified_examples", "response_id"), ("sft_mixture", "example_id")):
        file = made.store.path(name, "v1")
        rows = pd.read_parquet(file)
        rows = pd.concat([rows, rows[:1].assign(**{key: "another"})])
        rows.to_parquet(file)
    story = tell(made, record_id("a"))
    assert [answer["response_id"] for answer in story["answers"]] == [f"{record_id('a')}-00", "another"]
    text = record_text(story)
    assert text.count("  answer      accepted") == 2
    assert "as example another" in text and text.count("  mixture     training") == 2


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


def test_a_kept_record_tells_which_training_items_it_holds(tmp_path: Path) -> None:
    made = ingested_and_trained(tmp_path)
    pool = made.store.path("instruction_pool", "v1")
    frame = pd.read_parquet(pool)
    frame.assign(flags=[["in_distribution:gsm8k"], [], []]).to_parquet(pool)
    match = {"benchmark": "gsm8k", "split": "train", "item_id": "17", "rule": "equals_item", "share": 1.0}
    match |= {"decision": "in_distribution", "record_id": record_id("a"), "source_row_id": row_id(0)}
    made.save("contamination_matches", "v1", [match | {"role": "user", "turn": 0}])
    made.ran("find", {"canonical_instructions": "v1"}, {"contamination_matches": "v1"})
    story = tell(made, record_id("a"))
    assert story["source"][0]["flags"] == ["in_distribution:gsm8k"]
    text = record_text(story)
    assert "flags       in_distribution:gsm8k\n" in text
    assert "holds item  17 of gsm8k, train, in its prompt: equals_item, share 1.00\n" in text
    assert tell(made, record_id("b"))["items"] == []


@pytest.mark.parametrize("letter", ["a", "d"])
def test_data_from_before_a_column_was_written_say_so(tmp_path: Path, letter: str) -> None:
    made = ingested_and_trained(tmp_path)
    file = made.store.path("rejected_records", "v1")
    pd.read_parquet(file).drop(columns="collides_with").to_parquet(file)
    with pytest.raises(InputError, match=r"file .*rejected_records.*field collides_with(.|\n)*kedro run"):
        tell(made, record_id(letter))


def decided(project: Path, decision: str, reason: str | None = None) -> StoredProject:
    made = ingested_and_trained(project)
    made.save("example_decisions", "v1", [example_decision("a", decision, reason)])
    made.ran("decide", {"sft_mixture": "v1"}, {"example_decisions": "v1"})
    return made


def test_an_example_that_was_dropped_for_its_length_is_not_trained_on(tmp_path: Path) -> None:
    made = decided(tmp_path, "dropped", "the answer begins after the first 8 tokens (sft.max_length)")
    story = tell(made, record_id("a"), example_decisions="v1")
    assert story["models"][0]["parts"] == [DROPPED]
    assert tell(made, record_id("d"), example_decisions="v1")["models"][0]["parts"] == [DROPPED]
    text = record_text(story)
    assert f"example {record_id('a')}-00; not trained on: the answer begins after the first 8 tokens" in text
    assert "models:/sft-model/1 @champion: not trained on: the answer begins after max_length\n" in text


def test_an_example_that_was_cut_is_trained_on_and_says_how_much(tmp_path: Path) -> None:
    story = tell(decided(tmp_path, "cut", "cut at 8 of 9 tokens"), record_id("a"), example_decisions="v1")
    assert story["models"][0]["parts"] == [TRAINED]
    assert "-00; cut at 8 of 9 tokens\n" in record_text(story)


def test_what_older_data_do_not_say_is_not_known(tmp_path: Path) -> None:
    """Decisions made later from the same mixture may be of another length: they are not the older model's."""
    made = ingested_and_trained(tmp_path)
    assert "whether it was cut or dropped for its length is not known" in record_text(
        tell(made, record_id("a"))
    )
    made = decided(tmp_path / "later", "dropped", "too long")
    story = tell(made, record_id("a"))
    assert story["models"][0]["parts"] == [TRAINED]
    assert story["models"][0]["not_known"] == ["which answers began after sft.max_length"]
    assert "@champion: trained on; not known: which answers began" in record_text(story)


def test_every_pair_of_answers_says_what_became_of_it(tmp_path: Path) -> None:
    made = ingested_and_trained(tmp_path)
    reasons = ("tie", "below_min_margin", "beyond_max_pairs", "overlength")
    pairs = [pair_decision("a", "kept", "train")]
    made.save(
        "pair_decisions", "v1", pairs + [pair_decision("a", name, "left_out", name) for name in reasons]
    )
    made.ran("pair", {"verified_examples": "v1"}, {"pair_decisions": "v1"})
    story = tell(made, record_id("a"))
    assert [pair["reason"] for pair in story["reward"]["pairs"]] == [None, *reasons]
    text = record_text(story)
    assert "reward pair kept (train): 9 over 8" in text
    assert "reward pair overlength (left out, too long (reward_model.max_length)): 9 over 8" in text


def test_older_pairs_are_told_from_what_was_kept_of_them(tmp_path: Path) -> None:
    made = ingested_and_trained(tmp_path)
    pair = {**pair_decision("a", "kept", ""), "split": "test"}
    made.save(
        "preference_pairs", "v1", [{key: pair[key] for key in pair if key not in ("decision", "reason")}]
    )
    made.ran("pair", {"verified_examples": "v1"}, {"preference_pairs": "v1"})
    assert "reward pair kept (test): 9 over 8" in record_text(tell(made, record_id("a")))


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
