import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from lineage_builders import (
    FILE,
    chat,
    example_decision,
    ingested_and_trained,
    pair_decision,
    record_id,
    registered,
    row_id,
)

from instruction_tuning.errors import InputError
from instruction_tuning.lineage.membership import (
    DROPPED,
    HELD_OUT,
    PAIRS_TESTED,
    PAIRS_TRAINED,
    TRAINED,
    ModelContents,
    bases_of,
)
from instruction_tuning.lineage.model import model_story
from instruction_tuning.lineage.takedown import (
    is_trained_on,
    rows_in_model,
    rows_in_model_and_bases,
    summary_of,
)

DATA = {"sft_mixture": "v1"}


def ask(project: Path, source: str = "alpaca"):
    made = ingested_and_trained(project)
    contents = ModelContents(made.store, made.executions).of(registered("1", DATA))
    return rows_in_model(source, contents, made.store)


def test_rows_are_in_the_model_as_themselves_and_as_copies_of_what_was_trained_on(tmp_path: Path) -> None:
    found = ask(tmp_path).set_index("source_row_id")
    ways = {row: (one["part"], one["through"]) for row, one in found.iterrows()}
    assert ways == {
        row_id(0): (TRAINED, "itself"),
        row_id(2): (TRAINED, "exact duplicate"),
        row_id(3): (TRAINED, "near duplicate"),
        row_id(4): (TRAINED, "near duplicate"),
        row_id(1): (HELD_OUT, "itself"),
    }
    assert found.loc[row_id(4), "trained_record_id"] == record_id("a")
    assert set(found["used_as"]) == {"prompt only"}


@pytest.mark.parametrize("name", ["alpaca", "alpaca.json", FILE, FILE + "0" * 52])
def test_a_source_is_known_by_name_file_and_digest(tmp_path: Path, name: str) -> None:
    assert len(ask(tmp_path, name)) == 5


def test_an_unknown_source_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there are alpaca"):
        ask(tmp_path, "belle")


def test_rows_that_a_registered_base_was_trained_on_are_in_the_model(tmp_path: Path) -> None:
    """The model itself has seen b alone; its base a, and held out b; the base's base is no registered one."""
    made = ingested_and_trained(tmp_path)
    made.save("sft_mixture", "v2", [chat("b")])
    made.save("sft_validation", "v2", [chat("c")])
    made.ran("mix", {"verified_examples": "v1"}, {"sft_mixture": "v2", "sft_validation": "v2"})
    base, model = registered("1", DATA), registered("2", {"sft_mixture": "v2"})
    base = replace(base, tags=base.tags | {"model_digest": "b" * 16, "data.base_model": "c" * 16})
    model = replace(model, tags=model.tags | {"model_digest": "d" * 16, "data.base_model": "b" * 16})
    reader = ModelContents(made.store, made.executions)
    contents = [reader.of(base), reader.of(model)]
    bases = bases_of(contents[1], contents)
    assert bases == [contents[0]] and bases_of(contents[0], contents) == []
    found = rows_in_model_and_bases("alpaca", contents[1], bases, made.store)
    parts = found.groupby("part")["source_row_id"].apply(set).to_dict()
    before = {row_id(0), row_id(2), row_id(3), row_id(4)}
    assert parts == {TRAINED: {row_id(1)}, HELD_OUT: {row_id(5)}, "trained on before, as sft-model 1": before}
    assert is_trained_on(found[found["part"] == "trained on before, as sft-model 1"])
    with pytest.raises(InputError, match="no such source"):
        rows_in_model_and_bases("belle", contents[1], bases, made.store)


def test_what_was_only_held_out_is_not_trained_on(tmp_path: Path) -> None:
    found = ask(tmp_path)
    assert is_trained_on(found) and not is_trained_on(found[found["part"] == HELD_OUT])
    assert summary_of(found)["held out / itself / prompt only"] == 1


def test_rows_of_an_answer_that_was_dropped_for_its_length_are_in_no_weights(tmp_path: Path) -> None:
    made = ingested_and_trained(tmp_path)
    made.save("example_decisions", "v1", [example_decision("a", "dropped", "too long")])
    made.ran("decide", {"sft_mixture": "v1"}, {"example_decisions": "v1"})
    contents = ModelContents(made.store, made.executions).of(
        registered("1", DATA | {"example_decisions": "v1"})
    )
    found = rows_in_model("alpaca", contents, made.store)
    assert set(found["part"]) == {DROPPED, HELD_OUT} and not is_trained_on(found)
    assert contents.trained_on == set() and contents.not_known == []


def test_pairs_that_were_left_out_are_in_no_reward_model(tmp_path: Path) -> None:
    made = ingested_and_trained(tmp_path)
    pairs = [pair_decision("a", "p1", "left_out", "overlength"), pair_decision("b", "p2", "test")]
    made.save("pair_decisions", "v1", pairs)
    made.save("preference_pairs", "v1", [{"record_id": record_id("a"), "split": "train"}])
    data = {"sft_validation": "v1", "reward_model": "v1", "preference_pairs": "v1"}
    reader = ModelContents(made.store, made.executions)
    now, before = (reader.of(registered("1", data | more)) for more in ({"pair_decisions": "v1"}, {}))
    assert (now.parts[PAIRS_TRAINED], now.parts[PAIRS_TESTED]) == (set(), {record_id("b")})
    assert before.parts[PAIRS_TRAINED] == {record_id("a")}
    assert "which pairs were longer than reward_model.max_length" in before.not_known


def test_the_seeds_of_a_backtranslated_model_are_in_it_and_not_the_mixture_of_the_same_pool(
    tmp_path: Path,
) -> None:
    made = ingested_and_trained(tmp_path)
    pairs = [{"record_id": record_id("b"), "source": "seed"}, {"record_id": "segment", "source": "web"}]
    made.save("backtranslation_examples_2", "v1", pairs)
    made.ran("judge", {"instruction_pool": "v1"}, {"backtranslation_examples_2": "v1"})
    model = registered("1", {"backtranslation_examples_2": "v1"}, name="backtranslated-model")
    reader = ModelContents(made.store, made.executions)
    contents = reader.of(model)
    assert contents.parts == {TRAINED: {record_id("b")}} and contents.gone == []
    assert contents.not_known == ["which seeds were held out, and which answers began after sft.max_length"]
    assert reader.of(model, only=[record_id("a")]).parts == {TRAINED: set()}
    found = rows_in_model("alpaca", contents, made.store)
    assert found[["source_row_id", "used_as"]].to_numpy().tolist() == [[row_id(1), "answer"]]
    assert is_trained_on(found)
    story = model_story(contents, [], made.store, made.executions)
    assert story["counts"]["source"] == {"alpaca": 1} and story["teacher"] == []
    shutil.rmtree(made.store.places["backtranslation_examples_2"])
    assert reader.of(model).gone == ["backtranslation_examples_2 v1"]


def test_deleted_data_are_named_instead_of_an_answer(tmp_path: Path) -> None:
    made = ingested_and_trained(tmp_path)
    shutil.rmtree(made.store.places["sft_mixture"] / "v1")
    contents = ModelContents(made.store, made.executions).of(registered("1", DATA))
    assert contents.gone == ["sft_mixture v1"]
    with pytest.raises(InputError, match="cannot be told: deleted are sft_mixture v1"):
        rows_in_model("alpaca", contents, made.store)
