"""Chinese by translating the instruction, and by translating the answer, with the microworld's teacher."""

import pandas as pd

from instruction_tuning.answering.sampling import Sampling
from instruction_tuning.answering.two_ways import (
    ANSWERED,
    TRANSLATED,
    answers_two_ways,
    comparison,
    translatable,
)
from instruction_tuning.lm.completion_rows import COMPLETION_DTYPES
from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.teacher import Teacher, TeacherFaults
from instruction_tuning.microworld.world import build_world
from instruction_tuning.schemas.chinese_answers import ChineseAnswers
from instruction_tuning.text.languages import language_of

WORLD = build_world()
ITEMS = [
    item
    for item in benchmark_items(WORLD, 2)
    if item["split"] == "train" and not item["turns"] and item["language"] == "en" and item["counted"]
]


def examples() -> pd.DataFrame:
    rows = [
        {
            "record_id": f"{number:016x}",
            "source": "pool",
            "language": "en",
            "messages": [
                {"role": "user", "content": item["question"]},
                {"role": "assistant", "content": item["target"]},
            ],
            "prompt": item["question"],
            "answer": item["target"],
            "response_id": f"{number:016x}-00",
        }
        for number, item in enumerate(ITEMS)
    ]
    return pd.DataFrame(rows)


def made_by(teacher: Teacher) -> pd.DataFrame:
    def ask(requests):
        rows = []
        for request in requests:
            turns = [{"role": role, "content": content} for role, content in request.messages]
            text = teacher.reply(turns, request.seed, 0)
            rows.append(
                {"record_id": request.record_id, "kind": request.kind, "status": "ok", "response": text}
            )
        return pd.DataFrame(rows, columns=list(COMPLETION_DTYPES))

    made = answers_two_ways(translatable(examples()), ask, Sampling(0.7, 64, seed=1))
    ChineseAnswers.validate(made)
    return made


def test_both_ways_are_kept_and_say_the_same_where_nothing_goes_wrong() -> None:
    made = made_by(Teacher(WORLD, TeacherFaults(0, 0, 0, 0, 0, 0), seed=1))
    assert len(made) == 2 * len(ITEMS)
    kept = made[made["status"] == "ok"]
    assert set(kept["way"]) == {ANSWERED, TRANSLATED}
    assert all(language_of(text) == "zh" for text in kept["prompt"])
    assert comparison(made)["agreement_rate"] > 0.9
    parents = made.set_index("way")["parent_ids"]
    assert set(parents[ANSWERED].str.len()) == {1} and set(parents[TRANSLATED].str.len()) == {2}


def test_what_the_world_cannot_say_in_chinese_is_a_row_with_its_reason() -> None:
    made = made_by(Teacher(WORLD, TeacherFaults(error_rate=0.5), seed=1))
    failed = made[made["status"] == "failed"]
    assert "the instruction is not in Chinese" in set(failed["reason"])
    assert "the answer is not in Chinese" in set(failed["reason"])
    assert comparison(made)["agreement_rate"] < 0.9


def test_only_single_english_turns_are_translated_once_a_record() -> None:
    frame = examples().head(3)
    frame.loc[1, "language"] = "zh"
    assert translatable(pd.concat([frame, frame]))["record_id"].tolist() == [f"{0:016x}", f"{2:016x}"]
