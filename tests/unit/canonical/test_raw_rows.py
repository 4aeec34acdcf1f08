"""What the project writes for ingestion is what ingestion reads."""

import json

import pandas as pd

from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.canonical.raw_rows import chat_rows, preference_conversations
from instruction_tuning.canonical.reading import read_files


def read_back(rows: pd.DataFrame, folder):
    file = folder / "rows.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows.to_dict("records")))
    records, rejected = read_files(list_raw_files(file), ReadingRules())
    assert not rejected
    return records


def test_questions_with_their_answers_are_read_back(tmp_path):
    given = pd.DataFrame(
        {"id": ["a", "b"], "asked": ["Name a colour.", "Add 3 and 4."], "said": ["Red", "7"]}
    )
    rows = chat_rows(given["id"], given["asked"], given["said"])
    read = read_back(rows.sample(frac=1, random_state=0), tmp_path)
    assert {record.prompt: record.answer for record in read} == dict(
        zip(given["asked"], given["said"], strict=True)
    )
    assert chat_rows(*(pd.Series(dtype="str") for _ in range(3))).columns.tolist() == ["id", "messages"]


def test_a_pair_is_read_back_with_the_better_answer_as_the_answer(tmp_path):
    turns = [{"role": "user", "content": "Name a colour."}]
    pairs = pd.DataFrame({"pair_id": ["p"], "messages": [turns], "chosen": ["Red"], "rejected": ["Dog"]})
    assert [record.answer for record in read_back(preference_conversations(pairs), tmp_path)] == ["Red"]
