"""Evaluation sets of a user through the node: what goes, what is labelled, what is reported, what is
refused."""

import gzip
import json

import pandas as pd
import pytest
from pydantic import ValidationError

from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.errors import InputError
from instruction_tuning.pipelines.ingestion.decontamination_nodes import remove_benchmark_leaks
from instruction_tuning.pipelines.ingestion.nodes import read_raw_records
from instruction_tuning.pipelines.ingestion.parameters import (
    DecontaminationParameters,
    EvaluationDataParameters,
    IngestionParameters,
)
from instruction_tuning.reporting.contamination_section import contamination_section, shared_stretches
from instruction_tuning.schemas.canonical_instructions import InstructionPool
from instruction_tuning.schemas.contamination_matches import ContaminationMatches
from instruction_tuning.schemas.contamination_report import ContaminationReport
from instruction_tuning.schemas.rejected_records import RejectedRecords

BOAT = "A boat leaves the harbour with 12 sailors and comes back with 9. How many stayed behind?"
CART = "A cart with 30 apples loses a third of them on the way to town. How many are left?"
DOOR = "Which key opens the old green door at the end of the long corridor in the tower?"
NO_ITEMS = pd.DataFrame({"item_id": [], "split": [], "question": []})


def write(path, *rows):
    path.parent.mkdir(exist_ok=True, parents=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def records(folder, *pairs):
    rows = [{"instruction": prompt, "input": "", "output": answer} for prompt, answer in pairs]
    files = list_raw_files(write(folder / "records.jsonl", *rows))
    return read_raw_records(files, IngestionParameters())[0]


def decontaminate(frame, path, items=NO_ITEMS, **rules):
    data = EvaluationDataParameters(path=None if path is None else str(path))
    pool, rejected, matches, report = remove_benchmark_leaks(
        frame, items, data, DecontaminationParameters(**rules)
    )
    for model, made in (
        (InstructionPool, pool),
        (RejectedRecords, rejected),
        (ContaminationMatches, matches),
        (ContaminationReport, report),
    ):
        model.validate(made)
    return pool, rejected, matches, report.set_index(["benchmark", "split"])


@pytest.fixture
def evaluation(tmp_path):
    write(tmp_path / "sets" / "sums_test.jsonl", {"question": BOAT, "answer": "3"})
    write(tmp_path / "sets" / "sums_train.jsonl.gz", {"question": CART, "answer": "20"})
    pd.DataFrame({"question": [DOOR, "Hm?"], "split": ["dev", "dev"]}).to_parquet(
        tmp_path / "sets" / "doors.parquet"
    )
    return tmp_path / "sets"


def test_a_test_item_is_removed_and_a_training_item_stays_with_a_flag(tmp_path, evaluation):
    frame = records(
        tmp_path, (f"Solve: {BOAT}", "3"), (f"Solve: {CART}", "20"), ("Name a bird.", "Gull"), (DOOR, "Mine")
    )
    pool, rejected, matches, report = decontaminate(frame, evaluation)
    assert pool["prompt"].tolist() == [f"Solve: {CART}", "Name a bird."]
    assert [list(flags) for flags in pool["flags"]] == [["in_distribution:sums"], []]
    assert rejected["reason"].tolist() == ["overlaps_item", "equals_item"]
    assert rejected["collides_with"].tolist() == ["1", "1"]
    assert rejected["detail"].str.startswith(("test item 1 of sums", "validation item 1 of doors")).all()
    assert report["records_removed"].to_dict() == {
        ("doors", "validation"): 1,
        ("sums", "test"): 1,
        ("sums", "train"): 0,
    }
    assert report.loc[("sums", "train"), "records_in_distribution"] == 1
    assert report.loc[("doors", "validation"), ["items", "items_too_short", "items_found"]].tolist() == [
        2,
        1,
        1,
    ]
    assert matches[["benchmark", "decision", "role"]].values.tolist() == [
        ["doors", "removed", "user"],
        ["sums", "removed", "user"],
        ["sums", "in_distribution", "user"],
    ]
    assert frame["flags"].map(len).sum() == 0, "the input is not changed"


def test_which_splits_are_removed_is_the_users_choice(tmp_path, evaluation):
    frame = records(tmp_path, (CART, "20"), (DOOR, "Mine"))
    pool, *_ = decontaminate(frame, evaluation, removed_splits=["test", "train"])
    assert pool["prompt"].tolist() == [DOOR]
    assert list(pool["flags"].iat[0]) == ["in_distribution:doors"]


def test_a_record_that_holds_test_and_training_items_is_removed_and_counted_once(tmp_path, evaluation):
    frame = records(tmp_path, (f"{BOAT}\n\n{CART}", "3 and 20"))
    pool, rejected, matches, report = decontaminate(frame, evaluation)
    assert len(pool) == 0 and len(rejected) == 1 and len(matches) == 1
    assert report["records_in_distribution"].sum() == 0


def test_a_question_in_an_answer_leaks_unless_answers_are_not_checked(tmp_path, evaluation):
    frame = records(tmp_path, ("Write an exam.", f"Question 1. {BOAT}"))
    _, rejected, matches, _ = decontaminate(frame, evaluation)
    assert "in the answer" in rejected["detail"].iat[0] and matches["role"].tolist() == ["assistant"]
    assert len(decontaminate(frame, evaluation, check_answers=False)[0]) == 1


def test_the_other_method_counts_dirty_and_clean_items(tmp_path, evaluation):
    frame = records(tmp_path, (f"Solve: {BOAT}", "3"), ("Name a bird.", "Gull"))
    _, rejected, _, report = decontaminate(frame, evaluation, method="token_share")
    assert rejected["reason"].tolist() == ["token_share"]
    assert report[["items_dirty", "items_clean"]].values.tolist() == [[0, 1], [1, 0], [0, 1]]
    assert report.loc[("doors", "validation"), "items_too_short"] == 1


def test_items_of_the_chain_and_of_files_are_looked_for_together(tmp_path, evaluation):
    items = pd.DataFrame({"item_id": ["t-1"], "split": ["test"], "question": ["Name a nice bird."]})
    frame = records(tmp_path, (BOAT, "3"), ("Name a nice bird.", "Gull"), ("Say x.", "x"))
    pool, rejected, _, _ = decontaminate(frame, evaluation, items)
    assert pool["prompt"].tolist() == ["Say x."]
    assert rejected["collides_with"].tolist() == ["1", "t-1"]


def test_ids_that_begin_anew_give_way_to_row_numbers(tmp_path):
    path = write(tmp_path / "q.jsonl", {"id": 0, "question": BOAT}, {"id": 0, "question": DOOR})
    _, rejected, _, _ = decontaminate(records(tmp_path, (DOOR, "Mine")), path)
    assert rejected["collides_with"].tolist() == ["row 2"]


def test_shards_named_by_their_split_alone_are_of_the_folders_benchmark(tmp_path, caplog):
    shards = tmp_path / "sums" / "data"
    write(shards / "train-00000-of-00002.jsonl", {"question": CART})
    write(shards / "train-00001-of-00002.jsonl", {"question": DOOR})
    write(shards / "test-00000-of-00001.jsonl", {"question": BOAT})
    frame = records(tmp_path, (BOAT, "3"), (CART, "20"), (DOOR, "Mine"))
    with caplog.at_level("INFO"):
        pool, _, matches, report = decontaminate(frame, tmp_path / "sums")
    assert report["items"].to_dict() == {("sums", "test"): 1, ("sums", "train"): 2}
    assert pool["prompt"].tolist() == [CART, DOOR]
    assert [list(flags) for flags in pool["flags"]] == [["in_distribution:sums"]] * 2
    assert matches.loc[matches["split"] == "train", "item_id"].is_unique
    assert "train-00001-of-00002.jsonl: 1 items of sums, split train" in caplog.text


def test_nothing_to_check_against_and_nothing_to_check_are_fine(tmp_path, evaluation):
    frame = records(tmp_path, ("Say x.", "x"))
    pool, rejected, matches, report = decontaminate(frame, None)
    assert len(pool) == 1 and len(rejected) == len(matches) == len(report) == 0
    pool, _, _, report = decontaminate(frame.iloc[:0], evaluation)
    assert len(pool) == 0 and report["items"].sum() == 4


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"question": "Why is it so?"}\n{broken', ["row 2", "cannot be read", "mend"]),
        ('{"answer": "x"}', ["row 1", "no question", "question"]),
        ("", ["holds no items"]),
    ],
)
def test_a_bad_evaluation_file_stops_the_run_with_its_name_and_row(tmp_path, content, words):
    path = tmp_path / "bad_test.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        decontaminate(records(tmp_path / "r", ("Say x.", "x")), path)
    for word in ("bad_test.jsonl", "fix:", *words):
        assert word in str(caught.value)


def test_a_path_that_is_not_there_stops_the_run(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        decontaminate(records(tmp_path, ("Say x.", "x")), tmp_path / "nowhere")


@pytest.mark.parametrize(
    "rules",
    [
        {"method": "embedding"},
        {"removed_splits": ["dev"]},
        {"min_item_tokens": 9},
        {"clean_share": 0.9},
        {"template_item": 3},
    ],
)
def test_impossible_rules_are_refused(rules):
    with pytest.raises(ValidationError):
        DecontaminationParameters(**rules)


def test_the_page_shows_both_texts_with_what_they_share_marked_and_nothing_as_markup(tmp_path, evaluation):
    frame = records(tmp_path, (f"<b>Solve</b>: {BOAT}", "3"), (CART, "20"))
    _, _, matches, report = decontaminate(frame, evaluation)
    html = contamination_section(report.reset_index(), matches, seed=1, most=5)
    assert "&lt;b&gt;Solve&lt;/b&gt;: <mark>A boat leaves" in html and "<b>Solve" not in html
    assert html.count("<article") == 2 and "in-distribution" in html
    assert contamination_section(report.reset_index(), matches, seed=1, most=0).count("<article") == 0
    assert "none" in contamination_section(report.reset_index().iloc[:0], matches.iloc[:0], seed=1, most=5)


def test_the_page_shows_a_match_far_into_a_long_prompt(tmp_path, evaluation):
    examples = " ".join(f"Question {number}: what is near? Answer: it." for number in range(99))
    _, _, matches, report = decontaminate(records(tmp_path, (f"{examples}\n{BOAT}\nThink.", "3")), evaluation)
    html = contamination_section(report.reset_index(), matches, seed=1, most=5)
    assert html.count(f"<mark>{BOAT.rstrip('?')}</mark>?") == 2
    assert "characters before …</span>" in html and "Think.</p>" in html
    assert "Question 0:" not in html and "Question 98:" in html


def test_only_stretches_that_both_texts_have_are_marked():
    left = "one two three four five. Other words here. one two"
    assert [left[start:end] for start, end in shared_stretches(left, "ONE two, three four five six")] == [
        "one two three four five"
    ]
    assert shared_stretches("", "x") == shared_stretches("a b c d", "w x y z") == []
