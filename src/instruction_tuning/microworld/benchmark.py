"""Benchmark items: what the microworld asks of a model, split by item and by phrasing.

A test item is neither in a pre-training document (facts apart: see `corpus`) nor in the pool, and it
is asked in a phrasing that no other split uses. Train items serve as few-shot examples; validation
items are for tuning a recipe, so that nobody is tempted by the test items.
"""

from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills import ABILITIES, SKILLS
from instruction_tuning.microworld.world import World
from instruction_tuning.seeds import substream

ITEMS_PER_ABILITY = {"train": 60, "validation": 100, "test": 240}
_DRAWS_PER_ITEM = 2_000


def benchmark_items(world: World, seed: int) -> list[dict[str, str]]:
    """All items of all splits, in an order that the seed decides; every item occurs once."""
    return [
        item
        for split, count in ITEMS_PER_ABILITY.items()
        for ability in ABILITIES
        for item in _items(world, seed, ability, split, count)
    ]


def _items(world: World, seed: int, ability: str, split: str, count: int) -> list[dict[str, str]]:
    skills = [skill for skill in SKILLS if skill.ability == ability]
    rng = substream(seed, "benchmark", ability, split)
    seen: set[str] = set()
    items: list[dict[str, str]] = []
    for _ in range(count * _DRAWS_PER_ITEM):
        if len(items) == count:
            break
        skill = skills[len(items) % len(skills)]
        slots = skill.item(world, rng, split)
        if skill.key(slots) in seen:
            continue
        seen.add(skill.key(slots))
        questions = skill.questions(split)
        phrasing = rng.randrange(len(questions))
        items.append(
            {
                "item_id": f"{split}-{ability}-{len(items):04d}",
                **_texts(skill, slots, questions[phrasing]),
                "split": split,
                "phrasing_id": f"{skill.name}/{split}/{phrasing}",
            }
        )
    if len(items) < count:
        raise ValueError(f"the world has fewer than {count} {split} items of {ability}")
    return items


def _texts(skill: Skill, slots: dict[str, str], question: str) -> dict[str, str]:
    prompt, target = skill.document_prompt_and_target(slots)
    return {
        "ability": skill.ability,
        "skill": skill.name,
        "language": skill.language,
        "question": question.format(**slots),
        "document_prompt": prompt,
        "document_target": target,
        "target": slots["answer"],
        "example_answer": skill.short_answer.format(**slots),
        "answer_kind": skill.answer_kind,
    }
