"""Instructions of the world as tasks: what is to be done apart from the text that it is done with.

Only train phrasings and train items are ever written, so that nothing the benchmark tests is given away.
"""

import random
from collections.abc import Callable
from typing import NamedTuple

from instruction_tuning.microworld.evolution import is_train_item
from instruction_tuning.microworld.mistakes import mistaken
from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.world import World

Recognise = Callable[[tuple[str, ...]], tuple[Skill, dict[str, str]] | None]
_DRAWS, _TRIES = 200, 4


class Task(NamedTuple):
    """An instruction, the item that it was drawn with, and the input of that (empty where it needs none)."""

    instruction: str
    skill: Skill
    slots: dict[str, str]
    input: str


class CutOff(str):
    """A reply that ran into the limit of its length."""

    __slots__ = ()


def task_forms(skill: Skill) -> list[str]:
    """The train phrasings without the input, where that stands behind them; all of them without an input."""
    if skill.input_slot is None:
        return list(skill.train_questions)
    text = f"\n\n{{{skill.input_slot}}}"
    forms = (question.removesuffix(text) for question in skill.train_questions if question.endswith(text))
    return [form for form in forms if f"{{{skill.input_slot}}}" not in form]


def draw_task(world: World, rng: random.Random, skills: list[Skill]) -> Task:
    """A train item of one of `skills` as a task."""
    skill = rng.choice([skill for skill in skills if task_forms(skill)])
    while not is_train_item(skill, slots := skill.item(world, rng, "train")):
        pass
    given = "" if skill.input_slot is None else slots[skill.input_slot]
    return Task(rng.choice(task_forms(skill)).format(**slots), skill, slots, given)


def skills_of(language: str, use_case: str | None = None) -> list[Skill]:
    """The skills in a language (en or zh), of one use case or of all."""
    return [skill for skill in SKILLS if skill.language == language and use_case in (None, skill.use_case)]


def tasks_like(
    world: World, rng: random.Random, instruction: str, recognise: Recognise, count: int
) -> list[Task]:
    """Up to `count` tasks with this instruction and inputs of their own; none where the world has no such.

    One alone where the instruction holds all that is asked.
    """
    item = recognise((instruction,))
    if item is not None and item[0].input_slot is None:
        return [Task(instruction, *item, "")]
    found: dict[str, Task] = {}
    for skill in [skill for skill in SKILLS if skill.input_slot is not None]:
        for attempt in range(_DRAWS):
            if len(found) == count or (attempt == _TRIES and not _fits(skill, instruction, world, rng)):
                break
            drawn = skill.item(world, rng, "train")
            given = drawn[str(skill.input_slot)]
            task = _solved(world, skill, instruction, given)
            if task is not None and is_train_item(task.skill, task.slots):
                found[given] = task
    return list(found.values())


def answer_of(world: World, rng: random.Random, task: Task, error_rate: float) -> str:
    """The short answer, wrong with the share `error_rate`."""
    wrong = rng.random() < error_rate
    slots = mistaken(world, rng, task.skill, task.slots) if wrong else task.slots
    return task.skill.short_answer.format(**slots)


def _fits(skill: Skill, instruction: str, world: World, rng: random.Random) -> bool:
    given = skill.item(world, rng, "train")[str(skill.input_slot)]
    return skill.match(f"{instruction}\n\n{given}") is not None


def _solved(world: World, skill: Skill, instruction: str, given: str) -> Task | None:
    slots = skill.match(f"{instruction}\n\n{given}")
    solved = None if slots is None else skill.solved(world, slots)
    return None if solved is None else Task(instruction, skill, solved, given)
