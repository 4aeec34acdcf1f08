"""Constraints are read where a prompt states them plainly, and an answer has to keep all of them."""

import pytest

from instruction_tuning.errors import InputError
from instruction_tuning.text.constraint_kinds import Constraint, count_of, holds
from instruction_tuning.verification.constraints import constraints_of, keeps_constraints, stated_constraints


@pytest.mark.parametrize(
    ("prompt", "stated"),
    [
        ("Write a sentence of 5 words about the red fox.", ["exactly 5 words"]),
        ("Describe rain in no more than fifty words.", ["at most 50 words"]),
        ("Tell it in fewer than 10 words.", ["at most 9 words"]),
        ("用20个字描述雨。", ["exactly 20 words"]),
        ("不超过三句话", ["at most 3 sentences"]),
        ("Write 3 bullet points. Do not use the word 'rain'.", ["exactly 3 bullets", "forbids rain"]),
        (
            'Write at least 2 paragraphs and end with "The end."',
            ["at least 2 paragraphs", "ends with The end."],
        ),
        ("List them in JSON. Reply in Chinese.", ["json", "language zh"]),
        ("Can you describe love in 3 words?", ["exactly 3 words"]),
        ("In 3 words, what is love?", ["exactly 3 words"]),
        ("Your answer should contain at least 3 sentences.", ["at least 3 sentences"]),
        ("Tell of rain and, please, use at most 9 words.", ["at most 9 words"]),
        ("Explain how rain falls in 3 sentences.", ["exactly 3 sentences"]),
        ("Name the coin. Return only valid JSON.", ["json"]),
        ("Your output must be valid JSON.", ["json"]),
        ("请以JSON格式输出。", ["json"]),
        ("How do I store data in JSON?", []),
        ("Explain JSON. How do I store data in JSON?", []),
        ("Parse a file in JSON and print its keys with Python", []),
        ("Write a function that returns the result as JSON.", []),
        ("如何用JSON格式输出数据？", []),
        ("What can you say in 3 words about love?", []),
        ("How can I write an essay in 500 words?", []),
        ("Give tips for how to write an essay in 500 words.", []),
        ("He gave a talk in 20 words. Was it good?", []),
        ("Describe a man with 2 words to say.", []),
        ("List 5 words.", []),
        ("Summarize the film in 200 words.", []),
        ("Summarize the film in exactly 200 words.", ["exactly 200 words"]),
        ("In what scenario would you use the phrase 'once bitten'?", []),
        ("Why does the text use the word 'rain'?", []),
        ("How many words of 5 letters are there?", []),
        ("Write a line in 5 words and another in 7 words.", []),
    ],
)
def test_what_a_prompt_states(prompt: str, stated: list[str]) -> None:
    assert [str(one) for one in stated_constraints(prompt)] == stated


def test_words_sentences_and_bullets_are_counted() -> None:
    assert count_of("words", "It's a state-of-the-art 你好") == 5
    assert count_of("sentences", "Dr. Smith came. He saw 3.5 apples! 你好。再见") == 4
    assert count_of("bullets", "- a\n* b\n1. c\n2) d\ntext") == 4


@pytest.mark.parametrize(
    ("constraint", "kept", "broken"),
    [
        (Constraint("contains", "art"), "It is art.", "a start"),
        (Constraint("forbids", "雨"), "晴天", "下雨了"),
        (Constraint("ends_with", "The end."), "So it goes. The end.", "The end. Or not"),
        (Constraint("json"), '```json\n{"a": 1}\n```', "{a: 1}"),
        (Constraint("language", "zh"), "你好，世界", "Hello"),
    ],
)
def test_each_kind_tells_kept_from_broken(constraint: Constraint, kept: str, broken: str) -> None:
    assert holds(constraint, kept)
    assert not holds(constraint, broken)


def test_the_score_is_the_share_that_holds_and_passing_vouches_for_nothing() -> None:
    query = {"prompt": "Write at most 3 words and end with 'now'."}
    verdict = keeps_constraints(query, "One two three four now")
    assert verdict is not None
    assert (verdict.score, verdict.passed, verdict.vouches) == (0.5, False, False)
    assert keeps_constraints({"prompt": "What is rain?"}, "Water.") is None


def test_a_records_own_constraints_come_first() -> None:
    query = {
        "prompt": "Write 9 words.",
        "constraints": '[{"kind": "words", "value": 2, "relation": "at_most"}]',
    }
    verdict = keeps_constraints(query, "Two words")
    assert verdict is not None and verdict.passed


@pytest.mark.parametrize(
    "given", ["[{", '[{"kind": "mood"}]', '[{"kind": "words", "value": "few"}]', [["words", 2]]]
)
def test_a_list_of_constraints_that_is_none_is_named_with_its_record(given: object) -> None:
    with pytest.raises(InputError, match="constraints cannot be read") as caught:
        constraints_of({"record_id": "r1", "prompt": "What is rain?", "constraints": given})
    assert caught.value.record == "r1" and caught.value.field == "constraints"


def test_a_question_about_json_takes_any_answer() -> None:
    assert keeps_constraints({"prompt": "How do I store data in JSON?"}, "Use json.dump(obj, file).") is None
