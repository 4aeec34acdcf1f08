"""Rows of what was written, and the raw records of what was kept."""

from dataclasses import replace

from synthesis_builders import seeds

from instruction_tuning.schemas.synthesised_instructions import SynthesisedInstructions
from instruction_tuning.synthesis.raw_records import raw_records
from instruction_tuning.synthesis.written_rows import Written, drop_counts, joined, kept_tasks, rows_frame

ROW = Written(
    place="self_instruct-1-en-0/0",
    parent_ids=("en_1",),
    method="self_instruct",
    round=1,
    language="en",
    prompt_digest="0" * 12,
    instruction="Name a bird of prey.",
    input="",
    output="An owl.",
    example=0,
)


def test_examples_share_the_task_and_nothing_else() -> None:
    second = replace(ROW, example=1, output="A hawk.")
    assert ROW.task_id == second.task_id and ROW.record_id != second.record_id
    assert ROW.task_id != replace(ROW, place="self_instruct-1-en-0/1").task_id


def test_seeds_and_rows_make_one_frame_in_one_form() -> None:
    rows = joined([seeds(), rows_frame([ROW, replace(ROW, example=1).dropped("copied_example")])])
    SynthesisedInstructions.validate(rows)
    assert len(kept_tasks(rows, "en")) == 11 and len(kept_tasks(rows, "zh")) == 10
    assert drop_counts(rows)["rows"].sum() == 2
    assert joined([seeds(), rows_frame([])]).equals(seeds())


def test_raw_records_are_the_kept_rows_without_seeds_each_question_once() -> None:
    again = replace(ROW, example=1, output="A hawk.")
    records = raw_records(joined([seeds(), rows_frame([ROW, again, ROW.dropped("empty")])]))
    assert records.to_dict("records") == [
        {
            "id": ROW.record_id,
            "instruction": "Name a bird of prey.",
            "input": "",
            "output": "An owl.",
            "language": "en",
        }
    ]
