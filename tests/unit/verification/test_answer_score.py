"""Scores of answers: right, right in many words, partly right, wrong, and answers that try to cheat."""

import pytest

from instruction_tuning.verification.answer_score import answer_score

NUMBER = {"kind": "number", "answer": "72"}
SPAN = {"kind": "span", "answer": "Miran"}
NAMES = {"kind": "set", "answer": "cat, dog, cow", "valid": ["cat", "dog", "cow", "wolf"], "wanted": 3}
CHINESE_NAMES = {"kind": "set", "answer": "猫、狗", "valid": ["猫", "狗", "牛"], "wanted": 2}
FACTS = {"kind": "facts", "answer": "Ada, Velor, baker", "facts": ["Ada", "Velor", "baker"]}
CHINESE_FACTS = {"kind": "facts", "answer": "小安，安柏川，厨师", "facts": ["小安", "安柏川", "厨师"]}
VELAN = {"kind": "words", "answer": "pafi mogul fapu"}
PAST = {"kind": "words", "answer": "The red cat slept", "source": "The red cat sleeps"}
CAPITALS = {"kind": "words", "answer": "THE RED CAT", "source": "The red cat", "case": True}
PASSIVE = {"kind": "words", "answer": "老沙被阿贝看到", "source": "阿贝看到老沙"}
SENTENCE = {
    "kind": "constraints",
    "answer": "The red cat sleeps.",
    "contains": ["red", "cat", "sleeps"],
    "most": 6,
    "like": r"(?:The|A) red cat sleeps\.?",
}
LENGTH = {"kind": "constraints", "answer": "The red cat sleeps.", "contains": ["red", "cat"], "words": 4}
PROGRAM = {
    "kind": "program",
    "answer": "def f(x): return sorted(x)[:2]",
    "tests": [[[5, 3, 8, 1], [1, 3]], [[2, 9, 4, 7], [2, 4]]],
}


@pytest.mark.parametrize(
    ("rubric", "response", "score"),
    [
        (NUMBER, "72", 1),
        (NUMBER, "7+5=12, 4+2+1=7, 72.", 1),
        (NUMBER, "So the sum of 47 and 25 is 72.", 1),
        (NUMBER, "70, 71, 72, 73, 74", 0),
        (NUMBER, "27", 0),
        (SPAN, "Miran.", 1),
        (SPAN, "The capital of Velor is Miran.", 1),
        (SPAN, "Velor -> Miran", 1),
        (SPAN, "Miran or Balit", 0),
        (SPAN, "Miran, Balit, Dobel, Nastos", 0),
        (SPAN, "I do not know", 0),
    ],
)
def test_one_answer_is_right_or_wrong(rubric, response, score):
    assert answer_score(response, rubric) == score


@pytest.mark.parametrize(
    ("rubric", "response", "score"),
    [
        (NAMES, "wolf, cow, dog", 1),
        (NAMES, "For example: a wolf, a cow and a dog.", 1),
        (NAMES, "Three animals are cat, dog and cow.", 1),
        (NAMES, "cat, dog", 2 / 3),
        (NAMES, "cat, dog, moon", 1 / 3),
        (NAMES, "cat, cat, cat", 0),
        (NAMES, "cat, dog, cow, wolf", 2 / 3),
        (NAMES, "cat, dog, cow, wolf, fish, bird, horse, sheep", 0),
        (NAMES, "lamps, ropes, chairs", 0),
        (CHINESE_NAMES, "有：猫、牛。", 1),
        (CHINESE_NAMES, "猫和狗", 1),
        (CHINESE_NAMES, "猫、猫", 0),
        (CHINESE_NAMES, "猫、狗、牛、马、鱼", 0),
    ],
)
def test_names_count_once_and_others_count_against(rubric, response, score):
    assert answer_score(response, rubric) == pytest.approx(score)


@pytest.mark.parametrize(
    ("rubric", "response", "score"),
    [
        (FACTS, "Summary: baker, Ada, Velor.", 1),
        (FACTS, "Ada is a baker who lives in Velor.", 1),
        (FACTS, "Ada, Velor", 2 / 3),
        (FACTS, "Ada, Velor, tailor", 1 / 3),
        (FACTS, "Ada lives in Velor. It rains today. The road is long. Ada works as a baker.", 0),
        (FACTS, "Ben, Brond, tailor, 34", 0),
        (CHINESE_FACTS, "小安是厨师，住在安柏川。", 1),
        (CHINESE_FACTS, "小安，厨师", 2 / 3),
        (CHINESE_FACTS, "小安，安柏川，厨师，路很长，天黑了", 0),
    ],
)
def test_facts_made_up_count_against_those_kept(rubric, response, score):
    assert answer_score(response, rubric) == pytest.approx(score)


@pytest.mark.parametrize(
    ("rubric", "response", "score"),
    [
        (VELAN, "Pafi mogul fapu.", 1),
        (VELAN, "In Velan, good bird turns is pafi mogul fapu.", 1),
        (VELAN, "pafi mogul", 2 / 3),
        (VELAN, "mogul pafi fapu", 1 / 3),
        (VELAN, "pafi mogul fapu zamom zovel dedim", 0),
        (PAST, "Rewritten: The red cat slept.", 1),
        (PAST, "The red cat sleeps", 0),
        (PAST, "The red cat", 0),
        (CAPITALS, "THE RED CAT", 1),
        (CAPITALS, "The RED CAT", 2 / 3),
        (CAPITALS, "the red cat", 0),
        (PASSIVE, "改写：老沙被阿贝看到。", 1),
        (PASSIVE, "阿贝看到老沙", 0),
    ],
)
def test_words_are_compared_in_order_and_repeating_the_source_earns_nothing(rubric, response, score):
    assert answer_score(response, rubric) == pytest.approx(score)


@pytest.mark.parametrize(
    ("rubric", "response", "score"),
    [
        (SENTENCE, "The red cat sleeps.", 1),
        (SENTENCE, "A sentence: A red cat sleeps.", 1),
        (SENTENCE, "sleeps, cat, red", 1 / 2),
        (SENTENCE, "The red cat runs.", 3 / 8),
        (SENTENCE, "Xyzzy.", 0),
        (LENGTH, "The red cat sleeps.", 1),
        (LENGTH, "The red cat sleeps and sings.", 2 / 3),
    ],
)
def test_constraints_are_counted(rubric, response, score):
    assert answer_score(response, rubric) == pytest.approx(score)


@pytest.mark.parametrize(
    ("response", "score"),
    [
        ("def f(x): return sorted(x)[:2]", 1),
        ("Code: def f(x): return sorted(x)[:2]", 1),
        ("def first(values): return sorted(values)[0:2]", 1),
        ("lambda x: [min(x), sorted(x)[1]]", 1),
        ("sorted(x)[:2]", 1),
        ("Here it is:\n```python\ndef f(x): return sorted(x)[:2]\n```\nIt sorts first.", 1),
        ("```python\ndef f(x): return x[:2]\n```", 0),
        ("```text\ndef f(x): return sorted(x)[:2]\n```", 0),
        ("def f(x): return x[:2]", 0),
        ("def f(x): return [1, 3] if x[0] == 5 else [2]", 0),
        ("def f(x): return __import__('os').system('true')", 0),
        ("def f(x): return x * 10000000", 0),
        ("no program", 0),
    ],
)
def test_programs_are_run_not_compared(response, score):
    assert answer_score(response, PROGRAM) == score


@pytest.mark.parametrize(
    "rubric", [NUMBER, SPAN, NAMES, FACTS, VELAN, PAST, SENTENCE, PROGRAM], ids=lambda rubric: rubric["kind"]
)
@pytest.mark.parametrize("response", ["", "\n \n", "。", "?"])
def test_nothing_said_earns_nothing(rubric, response):
    assert answer_score(response, rubric) == 0
