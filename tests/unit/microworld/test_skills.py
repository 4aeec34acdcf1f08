"""Every item of the microworld has one right answer, and its wordings lead back to it."""

import random
import re

import pytest

from instruction_tuning.microworld.check import is_right
from instruction_tuning.microworld.mistakes import mistaken
from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills import SKILLS, USE_CASES
from instruction_tuning.microworld.world import build_world

WORLD = build_world()
SPLITS = ("train", "validation", "test")


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_every_phrasing_leads_back_to_its_item(skill: Skill) -> None:
    rng = random.Random(1)
    for split in SPLITS:
        for question in skill.questions(split):
            slots = skill.item(WORLD, rng, split)
            found = skill.match(question.format(**slots))
            assert found is not None
            assert skill.solve(WORLD, found)["answer"] == slots["answer"]


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_short_and_long_answers_are_right_and_another_items_answer_is_wrong(skill: Skill) -> None:
    rng = random.Random(2)
    for _ in range(30):
        slots, other = (skill.item(WORLD, rng, "train") for _ in range(2))
        for form in (skill.short_answer, *skill.long_answers):
            assert is_right(WORLD, skill, slots, form.format(**slots))
            filled = form.format(
                **slots | {part: other[part] for part in ("answer", "working") if part in other}
            )
            # Many answers are right where constraints or any names of a kind are asked for.
            if other["answer"] != slots["answer"] and skill.answer_kind not in ("constraints", "set"):
                assert not is_right(WORLD, skill, slots, filled)


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_no_phrasing_is_in_two_splits(skill: Skill) -> None:
    phrasings = [question for split in SPLITS for question in skill.questions(split)]
    assert len(set(phrasings)) == len(phrasings)
    assert all(skill.questions(split) for split in SPLITS)


def test_every_use_case_is_asked_in_english_and_in_chinese() -> None:
    asked = {(skill.use_case, skill.language) for skill in SKILLS}
    assert asked == {(use_case, language) for use_case in USE_CASES for language in ("en", "zh")}
    assert len(USE_CASES) == 12


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_a_question_is_read_as_its_own_skill_first(skill: Skill) -> None:
    rng = random.Random(3)
    for question in (*skill.train_questions, *skill.test_questions):
        asked = question.format(**skill.item(WORLD, rng, "test"))
        assert next(other.name for other in SKILLS if _solves(other, asked)) == skill.name


def _solves(skill: Skill, question: str) -> bool:
    slots = skill.match(question)
    try:
        return slots is not None and bool(skill.solve(WORLD, slots))
    except (KeyError, ValueError):
        return False


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_mistakes_do_not_score_as_right(skill: Skill) -> None:
    rng = random.Random(4)
    for _ in range(20):
        slots = skill.item(WORLD, rng, "train")
        wrong = mistaken(WORLD, rng, skill, slots)
        assert skill.score(WORLD, slots, skill.short_answer.format(**wrong)) < 1


def test_a_part_in_test_puts_the_whole_there() -> None:
    total = next(skill for skill in SKILLS if skill.name == "total")
    add = next(skill for skill in SKILLS if skill.name == "add")
    rng = random.Random(5)
    for _ in range(50):
        slots = total.item(WORLD, rng, "test")
        a, b = re.findall(r"\d+", slots["text"])
        assert add.split_of({"a": b, "b": a}) == "test"


def test_sum_is_worked_out_with_its_carry() -> None:
    add = next(skill for skill in SKILLS if skill.name == "add")
    assert add.solve(WORLD, {"a": "47", "b": "25"}) == {"working": "7+5=12, 4+2+1=7", "answer": "72"}


def test_difference_is_worked_out_with_its_borrow() -> None:
    subtract = next(skill for skill in SKILLS if skill.name == "subtract")
    assert subtract.solve(WORLD, {"a": "52", "b": "17"}) == {"working": "12-7=5, 5-1-1=3", "answer": "35"}


@pytest.mark.parametrize("a", range(2, 100, 7))
@pytest.mark.parametrize("b", range(2, 100, 11))
def test_worked_columns_add_up(a: int, b: int) -> None:
    add = next(skill for skill in SKILLS if skill.name == "add")
    ones, tens = (
        int(step.rpartition("=")[2])
        for step in add.solve(WORLD, {"a": str(a), "b": str(b)})["working"].split(", ")
    )
    assert 10 * tens + ones % 10 == a + b


def test_names_of_the_world_are_all_different() -> None:
    names = [*WORLD.places, *WORLD.facts.values(), *WORLD.velan.values()]
    assert len({name.casefold() for name in names}) == len(names)
    assert build_world() == WORLD
