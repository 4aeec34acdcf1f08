import shutil
from pathlib import Path

import pytest
from lineage_builders import FILE, ingested_and_trained, record_id, registered, row_id

from instruction_tuning.errors import InputError
from instruction_tuning.lineage.membership import HELD_OUT, TRAINED, ModelContents
from instruction_tuning.lineage.takedown import is_trained_on, rows_in_model, summary_of

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


def test_what_was_only_held_out_is_not_trained_on(tmp_path: Path) -> None:
    found = ask(tmp_path)
    assert is_trained_on(found) and not is_trained_on(found[found["part"] == HELD_OUT])
    assert summary_of(found)["held out / itself / prompt only"] == 1


def test_deleted_data_are_named_instead_of_an_answer(tmp_path: Path) -> None:
    made = ingested_and_trained(tmp_path)
    shutil.rmtree(made.store.places["sft_mixture"] / "v1")
    contents = ModelContents(made.store, made.executions).of(registered("1", DATA))
    assert contents.gone == ["sft_mixture v1"]
    with pytest.raises(InputError, match="cannot be told: deleted are sft_mixture v1"):
        rows_in_model("alpaca", contents, made.store)
