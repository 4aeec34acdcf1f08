"""Annotations as gold answers, verdicts and pairs."""

import json

import pytest
from annotation_builders import a_task

from instruction_tuning.annotation.annotations import Annotation
from instruction_tuning.annotation.gold import gold_answers, gold_records, majority, preferred_pairs, verdicts
from instruction_tuning.annotation.similarity import most_typical, text_similarity
from instruction_tuning.schemas.gold_answers import AnnotationVerdicts, GoldAnswers
from instruction_tuning.schemas.preference_pairs import PreferencePairs


def said(task, who, value, minute=0):
    return Annotation(task, who, f"2026-01-02T03:{minute:02}:00.000000+00:00", value, 12.5, None)


WRITTEN = a_task(annotators=3)
THREE = [
    said(WRITTEN, "Ada", {"answer": "The sum: 4"}, 1),
    said(WRITTEN, "Bo", {"answer": "The sum of 2 and 2 is 4"}, 2),
    said(WRITTEN, "Chen", {"answer": "The sum is 4"}, 3),
]


def test_of_several_texts_the_one_that_is_most_like_the_others_is_gold():
    frame = GoldAnswers.validate(
        gold_answers([*THREE, said(WRITTEN, "Dee", {"skipped": True})], per_task="one")
    )
    assert dict(zip(frame["who"], frame["status"], strict=True)) == {
        **{"Ada": "not_chosen", "Bo": "not_chosen", "Chen": "gold", "Dee": "skipped"}
    }
    gold = frame[frame["status"] == "gold"].iloc[0]
    assert gold["before"] == "5" and gold["after"] == "The sum is 4" and gold["is_changed"]
    assert gold["messages"][-1] == {"role": "assistant", "content": "The sum is 4"}
    assert gold["parent_ids"] == ["r1", "p1"] and gold["seconds"] == 12.5


def test_all_are_gold_where_that_is_asked_and_two_equal_ones_leave_it_to_the_first():
    assert set(gold_answers(THREE, per_task="all")["status"]) == {"gold"}
    two = gold_answers([THREE[1], THREE[0]], per_task="one")
    assert two.loc[two["status"] == "gold", "who"].tolist() == ["Ada"]


def test_no_annotation_gives_empty_frames_of_the_right_columns():
    GoldAnswers.validate(gold_answers([], per_task="one"))
    AnnotationVerdicts.validate(verdicts([]))
    PreferencePairs.validate(preferred_pairs([]))


def test_verdicts_keep_who_said_what_and_what_most_said():
    review, pair = a_task("review"), a_task("compare", position=1)
    frame = AnnotationVerdicts.validate(
        verdicts(
            [
                said(review, "Ada", {"verdict": "accept", "mark": 8, "reason": ""}),
                said(review, "Bo", {"verdict": "reject", "mark": None, "reason": "wrong"}),
                said(pair, "Ada", {"preferred": "tie", "reason": ""}),
                said(pair, "Bo", {"skipped": True, "reason": ""}),
            ]
        )
    )
    assert frame["verdict"].tolist() == ["accept", "reject", "tie", "skipped"]
    assert frame["majority"].isna().tolist() == [True, True, False, False]
    assert frame["other_response_id"].dropna().tolist() == ["p2", "p2"]


@pytest.mark.parametrize(
    ("preferences", "pair"),
    [
        (["first"], ("5", "4")),
        (["second", "second", "first"], ("4", "5")),
        (["second", "tie"], None),
        (["tie", "tie", "first"], None),
    ],
)
def test_a_pair_is_made_where_more_people_prefer_one_answer_than_say_anything_else(preferences, pair):
    task = a_task("compare")
    people = [said(task, f"p{n}", {"preferred": word, "reason": ""}) for n, word in enumerate(preferences)]
    frame = PreferencePairs.validate(preferred_pairs(people))
    assert list(zip(frame["chosen"], frame["rejected"], strict=True)) == ([pair] if pair else [])


def test_majority_is_null_without_one():
    assert majority([]) is None and majority(["a", "b"]) is None and majority(["a", "b", "a"]) == "a"


def test_similarity_is_of_words_and_of_single_chinese_characters_in_either_order():
    assert text_similarity("It is four.", "it is FOUR") == 1.0
    assert text_similarity("今天天气很好", "今天天气不好") == pytest.approx(10 / 12)
    assert text_similarity("a b c d", "b c d e") == text_similarity("b c d e", "a b c d") == 0.75
    assert text_similarity("", "word") == 0.0
    assert most_typical(["x", "y"]) == 0


def test_gold_records_are_read_by_ingestion_and_pairs_as_comparisons(tmp_path):
    from instruction_tuning.canonical.cleaning import ReadingRules
    from instruction_tuning.canonical.raw_files import list_raw_files
    from instruction_tuning.canonical.raw_rows import preference_conversations
    from instruction_tuning.canonical.reading import read_files

    answers = gold_answers(THREE, per_task="one")
    pairs = preferred_pairs([said(a_task("compare"), "Ada", {"preferred": "second", "reason": ""})])
    for name, frame in (("gold", gold_records(answers)), ("pairs", preference_conversations(pairs))):
        lines = [json.dumps(row) for row in frame.to_dict(orient="records")]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
        records, rejected = read_files(list_raw_files(tmp_path / f"{name}.jsonl"), ReadingRules())
        assert rejected == [] and len(records) == 1
        if name == "gold":
            read = records[0].answer, records[0].original_id
            assert read == ("The sum is 4", answers["gold_id"].iloc[2])
        else:
            comparison = records[0].comparison
            assert (comparison.first, comparison.second, comparison.verdict) == ("4", "5", "first")
