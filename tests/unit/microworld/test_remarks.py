"""Ratings and critiques in the documents say of an answer what its score says."""

import random
import re

import pytest

from instruction_tuning.microworld.corpus import documents
from instruction_tuning.microworld.remarks import BACKTRANSLATED, critique, mark, part_by_part, remark_line
from instruction_tuning.microworld.skills import DOCUMENT_SKILLS
from instruction_tuning.microworld.world import build_world

WORLD = build_world()
# In its first form a remark names its parts.
ANSWER = re.compile(r" Answer: (.*) (?:Check|Critique): |答：(.*) (?:查|评语)：", re.DOTALL)
MARKS = {
    "rating": (r"Rating: \d+$", r"so \d+ of 10\.$", r"Level: \d of 5$"),
    "rating_zh": (r"评分：\d+$", r"，得\d+分。$", r"五级：\d$"),
    "critique": (r" Critique: .*\.$", r" / .*\bit is .*\.$"),
    "critique_zh": (r" 评语：.*。$", r"/.*应为.*。$"),
    "tags": (r" Tags: .* Difficulty: \d$", r" / .* / level \d$"),
    "tags_zh": (r"标签：.* 难度：\d$", r"/.*/难度\d$"),
    "backtranslation": (r"^Text: .* Instruction: ", r" / Asked was: "),
    "backtranslation_zh": (r"^文：.*指令：", r"/问的是："),
}


def remarks(kind: str, number: int):
    """Skill, slots and line of `number` remarks on items of each skill."""
    rng = random.Random(3)
    for skill in DOCUMENT_SKILLS:
        for _ in range(number):
            slots = skill.item(WORLD, rng, "train")
            yield skill, slots, remark_line(WORLD, rng, kind, skill, slots, form=0)


def score_of_the_answer(skill, slots, line: str) -> float:
    found = ANSWER.search(line)
    assert found is not None, line
    return skill.score(WORLD, slots, found[1] or found[2])


@pytest.mark.parametrize(("score", "expected"), [(0.0, 2), (0.5, 6), (1.0, 9)])
def test_a_better_answer_gets_a_higher_mark(score: float, expected: int) -> None:
    assert mark(score) == expected


@pytest.mark.parametrize(
    ("language", "wrong", "partly", "right"),
    [("en", " wrong.", " partly right.", " right."), ("zh", "错。", "不全对。", "对。")],
)
def test_a_critique_gives_the_answer_and_ends_with_what_the_score_says(
    language: str, wrong: str, partly: str, right: str
) -> None:
    said = [critique(language, "Miran", score) for score in (0.0, 0.5, 1.0)]
    assert [text.endswith(end) for text, end in zip(said, (wrong, partly, right), strict=True)] == [True] * 3
    assert not said[2].endswith(partly) and all("Miran" in text for text in said)


@pytest.mark.parametrize(
    ("gold", "given", "expected"),
    [
        ("41", "42", "4 4 ok 1 2 no"),
        ("RKT", "RK", "R R ok K K ok T - no"),
        ("new wolf", "new Wolf runs", "new new ok wolf Wolf no - runs no"),
        ("小兰，67", "小安，67", "小 小 ok 兰 安 no 6 6 ok 7 7 ok"),
        ("x[1:]", "x[0]", "x x ok [ [ ok 1 0 no : ] no ] - no"),
    ],
)
def test_two_answers_are_set_side_by_side_part_by_part(gold: str, given: str, expected: str) -> None:
    assert part_by_part(gold, given) == expected


def test_a_line_can_be_asked_for_with_a_right_or_a_wrong_answer() -> None:
    rng = random.Random(3)
    for skill in DOCUMENT_SKILLS:
        slots = skill.item(WORLD, rng, "train")
        for is_right in (True, False):
            line = remark_line(WORLD, rng, "rating", skill, slots, 0, is_right=is_right)
            assert (score_of_the_answer(skill, slots, line) == 1) == is_right, line


def test_the_mark_in_a_line_is_that_of_the_answer_in_it() -> None:
    scores = []
    for skill, slots, line in remarks("rating", 6):
        scores.append(score_of_the_answer(skill, slots, line))
        assert int(re.findall(r"\d+$", line)[0]) == mark(scores[-1]), line
    assert {0.0, 1.0} < set(scores), "right, wrong and partly right answers are all there"


def test_the_critique_in_a_line_ends_as_the_answer_in_it_deserves() -> None:
    for skill, slots, line in remarks("critique", 6):
        score = score_of_the_answer(skill, slots, line)
        assert line.endswith(("right.", "对。")) == (score > 0), line
        assert line.endswith(("partly right.", "不全对。")) == (0 < score < 1), line
        assert line.endswith(("wrong.", "错。")) == (score == 0), line


def test_a_text_is_given_the_question_that_it_answers() -> None:
    rng = random.Random(3)
    for skill in BACKTRANSLATED:
        slots = skill.item(WORLD, rng, "train")
        line = remark_line(WORLD, rng, "backtranslation", skill, slots, form=0)
        assert any(line.endswith(question.format(**slots)) for question in skill.document_questions), line


def test_documents_hold_remarks_of_every_kind_in_both_forms_and_languages() -> None:
    text = "\n".join(document["text"] for document in documents(WORLD, 3, 600))
    missing = [
        (kind, form)
        for kind, forms in MARKS.items()
        for form in forms
        if not re.search(form, text, re.MULTILINE)
    ]
    assert missing == []
