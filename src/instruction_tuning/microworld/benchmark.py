"""Benchmark items: what the microworld asks of a model, split by item and by phrasing.

A test item is neither in a pre-training document (facts apart: see `corpus`) nor in the pool, and it
is asked in a phrasing that no other split uses. Train items serve as few-shot examples; validation
items are for tuning a recipe, so that nobody is tempted by the test items.

The twelve use cases count for the verdict. Beside them stand groups that are measured and reported only:
facts withheld from the documents, taught and not; places that nobody knows; conversations.
"""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from instruction_tuning.microworld import dialogue
from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills import (
    REPORTED_SKILLS,
    SKILLS,
    USE_CASES,
)
from instruction_tuning.microworld.skills.facts import FACTS
from instruction_tuning.microworld.skills.withheld import UNKNOWN_PLACES
from instruction_tuning.microworld.world import World
from instruction_tuning.seeds import substream

ITEMS_PER_ABILITY = {"train": 60, "validation": 100, "test": 240}
# There are 24 withheld facts of each kind and language.
REPORTED_ITEMS = {"train": 20, "validation": 40, "test": 48}
REPORTED = ("withheld_taught", "withheld_untaught", "unknown_places", dialogue.REPORTED_AS)
_DRAWS_PER_ITEM = 2_000

Item = dict[str, Any]


def benchmark_items(world: World, seed: int) -> list[Item]:
    """All items of all splits, in an order that the seed decides; every item occurs once in its group."""
    counted = [
        item
        for split, count in ITEMS_PER_ABILITY.items()
        for use_case in USE_CASES
        for item in _items(world, seed, use_case, split, count, _use_case_items(world, use_case))
    ]
    return counted + [
        {**item, "counted": False}
        for split, count in REPORTED_ITEMS.items()
        for group in REPORTED
        for item in _items(world, seed, group, split, count, _reported_items(world, group))
    ]


Draw = Callable[[random.Random, str, int], tuple[str, Item]]


def _items(world: World, seed: int, ability: str, split: str, count: int, draw: Draw) -> Iterator[Item]:
    rng = substream(seed, "benchmark", ability, split)
    seen: set[str] = set()
    for _ in range(count * _DRAWS_PER_ITEM):
        if len(seen) == count:
            return
        key, item = draw(rng, split, len(seen))
        if key in seen:
            continue
        seen.add(key)
        yield {"item_id": f"{split}-{ability}-{len(seen) - 1:04d}", "ability": ability, **item}
    if len(seen) < count:
        raise ValueError(f"the world has fewer than {count} {split} items of {ability}")


def _use_case_items(world: World, use_case: str) -> Draw:
    skills = [skill for skill in SKILLS if skill.use_case == use_case]
    return lambda rng, split, number: _skill_item(world, rng, split, skills[number % len(skills)])


def _reported_items(world: World, group: str) -> Draw:
    if group == dialogue.REPORTED_AS:
        return lambda rng, split, number: _conversation_item(world, rng, split)
    skills: list[Skill] = [skill for skill in REPORTED_SKILLS if skill.reported_as == group]
    # Examples before a withheld fact are facts that everybody may know.
    examples = UNKNOWN_PLACES if group == "unknown_places" else FACTS

    def draw(rng: random.Random, split: str, number: int) -> tuple[str, Item]:
        of_split = examples if split == "train" else skills
        return _skill_item(world, rng, split, of_split[number % len(of_split)])

    return draw


def _skill_item(world: World, rng: random.Random, split: str, skill: Skill) -> tuple[str, Item]:
    slots = skill.item(world, rng, split)
    questions = skill.questions(split)
    phrasing = rng.randrange(len(questions))
    prompt, target = skill.document_prompt_and_target(slots)
    texts = {
        "question": questions[phrasing].format(**slots),
        "turns": "",
        "document_prompt": prompt,
        "document_target": target,
    }
    named = {"split": split, "phrasing_id": f"{skill.name}/{split}/{phrasing}"}
    return skill.key(slots), {**_measured(world, skill, slots), **texts, **named}


def _conversation_item(world: World, rng: random.Random, split: str) -> tuple[str, Item]:
    turns = dialogue.conversation(world, rng, split)
    last, earlier = turns[-1], [{"prompt": turn.question, "answer": turn.answer} for turn in turns[:-1]]
    told = " ".join(f"Q: {turn['prompt']} A: {turn['answer']}" for turn in earlier).replace("\n\n", " ")
    texts = {
        "question": last.question,
        "turns": json.dumps(earlier, ensure_ascii=False),
        "document_prompt": f"{told} Q: {last.question} A:",
        "document_target": last.answer,
    }
    named = {"split": split, "phrasing_id": f"dialogue/{split}/{last.skill.name}"}
    item = {**_measured(world, last.skill, last.slots), **texts, **named}
    return dialogue.key(turns), {**item, "skill": "dialogue", "difficulty": len(turns)}


def _measured(world: World, skill: Skill, slots: dict[str, str]) -> Item:
    rubric = skill.rubric(world, slots) if skill.rubric else {}
    return {
        "skill": skill.name,
        "language": skill.language,
        "difficulty": skill.difficulty(slots),
        "counted": True,
        "target": slots["answer"],
        "example_answer": skill.short_answer.format(**slots),
        "answer_kind": skill.answer_kind,
        "rubric": json.dumps(rubric, ensure_ascii=False) if rubric else "",
    }
