"""Every item of the microworld has one right answer, and its wordings lead back to it."""

import random

import pytest

from instruction_tuning.microworld.check import is_right
from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills import ABILITIES, SKILLS
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
            assert is_right(slots["answer"], form.format(**slots))
            if other["answer"] != slots["answer"]:
                assert not is_right(slots["answer"], form.format(**other))


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_no_phrasing_is_in_two_splits(skill: Skill) -> None:
    phrasings = [question for split in SPLITS for question in skill.questions(split)]
    assert len(set(phrasings)) == len(phrasings)
    assert all(skill.questions(split) for split in SPLITS)


def test_abilities_are_those_of_the_skills() -> None:
    assert {skill.ability for skill in SKILLS} == set(ABILITIES)
    assert {"en", "zh"} <= {skill.language for skill in SKILLS}


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
