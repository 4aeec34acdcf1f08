"""Every format of docs/dataset_formats.md: the page's own rows, and what single readers promise."""

import json

import pytest
from raw_file_builders import page_examples, read, read_rows, write

from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.formats import FORMATS, KNOWN_FIELDS
from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.canonical.reading import read_file
from instruction_tuning.canonical.records import CanonicalRecord, RejectedRecord, SourceDocument
from instruction_tuning.errors import UnknownFormatError
from instruction_tuning.pipelines.ingestion.parameters import IngestionParameters
from instruction_tuning.schemas.canonical_instructions import FORMATS as WITH_A_QUESTION

EXAMPLES = page_examples()


def outcomes(path, **rules):
    reading = read_file(list_raw_files(path)[0], ReadingRules(**rules))
    return reading.format, list(reading.rows)


def only(tmp_path, row, **rules):
    (outcome,) = outcomes(write(tmp_path / "data.jsonl", [row]), **rules)[1]
    return outcome


def contents(record):
    return [(message["role"], message["content"]) for message in record.messages]


def test_the_page_has_an_example_of_every_format_and_no_other():
    assert EXAMPLES.keys() == FORMATS.keys() == KNOWN_FIELDS.keys()
    allowed = IngestionParameters.model_fields["format"].annotation.__args__
    assert set(allowed) == {"auto", *FORMATS}
    assert {*WITH_A_QUESTION, "plain_text"} == FORMATS.keys()


@pytest.mark.parametrize("name", FORMATS)
def test_the_pages_rows_are_read_detected_and_named(tmp_path, name):
    path = write(tmp_path / "data.jsonl", EXAMPLES[name])
    rules = {"require_answer": name != "prompts"}
    detected, rows = outcomes(path, **rules)
    assert detected == name and len(rows) == len(EXAMPLES[name]) > 0
    kind = SourceDocument if name == "plain_text" else CanonicalRecord
    assert all(isinstance(row, kind) for row in rows), rows
    assert outcomes(path, format=name, **rules) == (name, rows)
    if "preference" in name or "votes" in name:
        assert all(row.answer == "Red" for row in rows)
        assert all({row.comparison.first, row.comparison.second} == {"Red", "Dog"} for row in rows)


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"belle"}))
def test_the_pages_rows_read_the_same_from_csv(tmp_path, name):
    rows = [json.loads(line) for line in EXAMPLES[name]][:1]
    cells = [
        {key: value if isinstance(value, str) else json.dumps(value) for key, value in row.items()}
        for row in rows
    ]
    rules = {"require_answer": name != "prompts"}
    _, (from_lines,) = outcomes(write(tmp_path / "data.jsonl", rows), **rules)
    detected, (from_csv,) = outcomes(write(tmp_path / "data.csv", cells), **rules)
    assert detected == name
    for field in ("messages", "answer") if name != "plain_text" else ("text", "title"):
        assert getattr(from_csv, field) == getattr(from_lines, field)


def test_a_column_that_only_one_page_row_lacks_does_not_change_the_format(tmp_path):
    rows = [{"instruction": "Add.", "response": "3"}, {"instruction": "Add.", "response": "3"}, {"x": 1}]
    name, (_, _, bad) = outcomes(write(tmp_path / "data.jsonl", rows))
    assert name == "gpteacher" and (bad.reason, bad.field) == ("missing_field", "instruction")


def test_a_system_prompt_beside_the_turns_comes_first_and_one_among_them_stays(tmp_path):
    row = {"system": "Be brief.", "instruction": "Say a.", "output": "a"}
    assert contents(only(tmp_path, row))[0] == ("system", "Be brief.")
    turns = [{"role": "system", "content": "Own."}, {"role": "user", "content": "Hi"}]
    row = {"system": "Be brief.", "messages": [*turns, {"role": "assistant", "content": "Yes"}]}
    assert contents(only(tmp_path, row))[0] == ("system", "Own.")
    bad = only(tmp_path, {"system": 3, "instruction": "Say a.", "output": "a"})
    assert (bad.reason, bad.field) == ("wrong_type", "system")


def test_labels_survive(tmp_path):
    row = {"instruction": "Dites a.", "output": "a", "task": "say", "license": "MIT", "language": "French"}
    record = only(tmp_path, {**row, "id": 7})
    assert (record.category, record.licence, record.language, record.original_id) == ("say", "mit", "fr", "7")


@pytest.mark.parametrize(
    ("stated", "language"),
    [("zh-CN", "zh"), ("EN_us", "en"), ("Python", "en"), (None, "en"), ("", "en"), (3, "en"), ("中文", "zh")],
)
def test_a_stated_language_holds_and_a_programming_language_is_none(tmp_path, stated, language):
    row = {"instruction": "Say a.", "output": "a", "language": stated}
    assert only(tmp_path, row).language == language


def test_an_id_that_is_neither_text_nor_whole_number_is_dropped_and_recorded(tmp_path):
    record = only(tmp_path, {"instruction": "Say a.", "output": "a", "id": True})
    assert (record.original_id, record.flags) == (None, ["id_dropped"])


def test_alpacas_history_are_earlier_turns(tmp_path):
    row = {"instruction": "And b?", "output": "b", "history": [["Say a.", "a"]]}
    assert [said for _, said in contents(only(tmp_path, row))] == ["Say a.", "a", "And b?", "b"]
    bad = only(tmp_path, {**row, "history": [["Say a."]]})
    assert (bad.reason, bad.field) == ("wrong_type", "history[0]")


def test_message_parts_that_are_text_are_joined_and_an_image_sets_the_row_aside(tmp_path):
    def row(*parts):
        return {"messages": [{"role": "user", "content": list(parts)}, {"role": "assistant", "content": "a"}]}

    text = {"type": "text", "text": "Look:"}
    assert only(tmp_path, row(text, text)).prompt == "Look:\n\nLook:"
    bad = only(tmp_path, row(text, {"type": "image_url", "image_url": {"url": "x"}}))
    assert (bad.reason, bad.field) == ("not_a_text", "messages[0].content[1]")


def test_a_task_with_two_instances_asks_its_instruction_twice(tmp_path):
    instances = [{"input": "1", "output": "2"}, {"input": "<noinput>", "output": "4"}]
    record = only(tmp_path, {"instruction": "Double.", "instances": instances})
    assert [said for _, said in contents(record)] == ["Double.\n\n1", "2", "Double.", "4"]
    assert "instances_asked_in_turn" in record.flags


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("Output: 4", ["Double.", "4"]),
        ("4", ["Double.", "4"]),
        ("Input: 2\nOutput: 4\n\nInput: 3", ["Double.\n\n2", "4"]),
        (
            "Class label: yes\nIt is.\nClass label: no\nNot.",
            ["Double.\n\nIt is.", "yes", "Double.\n\nNot.", "no"],
        ),
    ],
)
def test_generated_instances_are_split_at_their_marks(tmp_path, text, pairs):
    record = only(tmp_path, {"instruction": "Double.", "raw_instances": text})
    assert [said for _, said in contents(record)] == pairs


def test_natural_instructions_begin_with_the_definition_and_p3_has_its_texts_elsewhere(tmp_path):
    row = {"definition": "Classify.", "inputs": "Good.", "targets": "yes"}
    assert only(tmp_path, row).prompt == "Classify.\n\nGood."
    tokens = {"inputs": [3, 4], "targets": [5], "inputs_pretokenized": "Good?", "targets_pretokenized": "yes"}
    assert only(tmp_path, tokens).prompt == "Good?"


@pytest.mark.parametrize(
    ("votes", "verdict", "counts"),
    [
        ({"annotator1": 1, "annotator2": 2, "annotator3": 2}, "second", (1, 2, 0)),
        ({"annotator1": 1, "annotator2": 2, "annotator3": 0}, "tie", (1, 1, 1)),
        ({"annotator1": 1, "annotator2": 0, "annotator3": 0}, "tie", (1, 0, 2)),
        ({"preference": 1.5}, "tie", (0, 0, 1)),
        ({"preference": None}, None, (None, None, None)),
        ({"votes": [2, "2", None]}, "second", (0, 2, 0)),
        ({"winner": "model_a"}, "first", (1, 0, 0)),
        ({"scores": [8, 9.5]}, "second", (None, None, None)),
        ({"scores": [-1, -1]}, None, (None, None, None)),
        ({}, None, (None, None, None)),
    ],
)
def test_votes_are_counted_and_the_preferred_response_is_the_answer(tmp_path, votes, verdict, counts):
    row = {"instruction": "Say a.", "response1": "one", "response2": "two", **votes}
    record = only(tmp_path, row)
    made = record.comparison
    assert (made.verdict, made.first_votes, made.second_votes, made.tie_votes) == (verdict, *counts)
    assert record.answer == ("two" if verdict == "second" else "one")
    assert made.source_row_id == record.source_row_id and made.messages == record.messages[:-1]


@pytest.mark.parametrize(
    ("row", "reason", "field"),
    [
        ({"response1": True, "response2": "b"}, "wrong_type", "response1"),
        ({"response1": "a", "response2": "b", "preference": "garbage"}, "unknown_vote", "preference"),
        ({"response1": "a", "response2": "b", "annotator1": True}, "unknown_vote", "annotator1"),
        ({"response1": "a", "response2": "b", "scores": [1, "x"]}, "wrong_type", "scores[1]"),
        ({"response1": "a", "response2": "b", "scores": [1]}, "wrong_type", "scores"),
        ({"chosen": "a", "rejected": ["b"]}, "wrong_type", "rejected"),
    ],
)
def test_preference_data_of_the_wrong_type_names_the_field(tmp_path, row, reason, field):
    bad = only(tmp_path, {"instruction": "Say a.", **row})
    assert isinstance(bad, RejectedRecord) and (bad.reason, bad.field) == (reason, field)


def test_pairs_that_do_not_answer_the_same_are_set_aside(tmp_path):
    def talk(question, answer):
        return f"\n\nHuman: {question}\n\nAssistant: {answer}"

    bad = only(tmp_path, {"chosen": talk("One?", "1"), "rejected": talk("Two?", "2")})
    assert (bad.reason, bad.field) == ("different_questions", "rejected")
    assert "alike in the first 0" in bad.detail
    bad = only(tmp_path, {"chosen": "1", "rejected": "2"})
    assert (bad.reason, bad.field) == ("missing_field", "prompt")


def test_an_empty_rejected_answer_is_one_and_an_empty_chosen_one_is_not(tmp_path):
    assert only(tmp_path, {"prompt": "Say a.", "chosen": "a", "rejected": ""}).comparison.second == ""
    assert only(tmp_path, {"prompt": "Say a.", "chosen": "", "rejected": "b"}).reason == "empty_answer"


def test_questions_with_references_are_a_conversation_and_without_them_the_first_is_kept(tmp_path):
    row = {"turns": ["One?", "Two?"], "reference": ["1", "2"]}
    assert [said for _, said in contents(only(tmp_path, row, format="prompts"))] == ["One?", "1", "Two?", "2"]
    record = only(tmp_path, {"turns": ["One?", "Two?"]}, require_answer=False)
    assert (record.prompt, record.flags) == ("One?", ["follow_ups_dropped"])
    assert json.loads(record.repairs[0].before) == ["One?", "Two?"]


def test_prompts_need_to_be_told_that_no_answer_is_required(tmp_path):
    with pytest.raises(UnknownFormatError, match="require_answer=false"):
        read_rows(tmp_path, [{"prompt": "Say a."}])


def test_a_documents_title_text_and_labels_are_kept_and_an_empty_one_is_set_aside(tmp_path):
    made = only(tmp_path, {"path": "a/b.md", "text": " Tides.\r\n ", "license": "CC0", "id": "x"})
    assert (made.title, made.text, made.licence, made.original_id) == ("a/b.md", "Tides.", "cc0-1.0", "x")
    assert made.flags == ["line_ends_normalized", "whitespace_stripped"]
    bad = only(tmp_path, {"text": " "}, format="plain_text")
    assert (bad.reason, bad.field) == ("empty_text", "text")


def columns(**named):
    return IngestionParameters(columns=named).reading_rules().columns


def test_columns_of_other_names_and_depths_are_read(tmp_path):
    row = {"q": "Say a.", "answers": [{"text": "a"}], "meta": {"topic": "letters"}, "key": 4}
    named = columns(instruction=["query", "q"], output="answers.0.text", category="meta.topic", id="key")
    record = only(tmp_path, row, columns=named)
    assert (record.format, record.prompt, record.answer) == ("alpaca", "Say a.", "a")
    assert (record.category, record.original_id) == ("letters", "4")


def test_a_row_inside_a_column_is_unpacked_and_a_broken_one_set_aside(tmp_path):
    rows = [
        {"line": '{"instruction": "Say a.", "output": "a"}', "lang": "fr"},
        {"line": "{broken"},
        {"line": "[1]"},
    ]
    path = write(tmp_path / "data.jsonl", rows)
    _, (good, broken, listed) = outcomes(path, columns=columns(json="line"))
    assert (good.answer, good.language) == ("a", "fr")
    assert (broken.stage, broken.reason, broken.field) == ("read", "invalid_json", "line")
    assert (listed.reason, listed.raw) == ("not_an_object", '{"line": "[1]"}')


def test_a_fault_in_a_mapped_column_has_the_files_name(tmp_path):
    bad = only(tmp_path, {"q": "Say a.", "a": 3}, columns=columns(instruction="q", output="a"))
    assert (bad.reason, bad.field) == ("wrong_type", "a")


def test_the_column_of_json_has_its_name_in_the_file_and_one_that_pydantic_allows():
    assert columns(json="line") == columns(json_text="line") == {"json": ("line",)}


def test_a_column_that_no_row_has_stops_with_the_columns_there_are(tmp_path):
    with pytest.raises(UnknownFormatError, match="the columns are: q, a") as caught:
        only(tmp_path, {"q": "Say a.", "a": "a"}, columns=columns(instruction="question"))
    assert "ingestion.columns.instruction" in str(caught.value)


def test_documents_are_no_records(tmp_path):
    assert read(write(tmp_path / "data.jsonl", [{"text": "Tides."}])) == ([], [])


def test_question_and_answer_are_a_pair_unless_the_row_has_choices(tmp_path):
    row = {"question": "How many?", "answer": "2", "context": "A pair."}
    made = only(tmp_path, row)
    assert (made.format, made.prompt, made.answer) == ("prompt_completion", "How many?\n\nA pair.", "2")
    for choice in ({"choices": ["1", "2"]}, {"A": "1", "B": "2"}, {"choice0": "1"}):
        with pytest.raises(UnknownFormatError):
            only(tmp_path, row | choice)
