"""Evolving an instruction within the world: a step more, a condition more, or something else of the field.

The operations are those of Evol-Instruct (arXiv 2304.12244). What comes out is an item of the world again,
and a train item, so that no chain of evolutions reaches what the benchmark tests.
"""

import random
from collections.abc import Callable

from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.skills.facts import split_of_fact
from instruction_tuning.microworld.world import CHINESE_GOODS, CHINESE_PEOPLE, World

METHODS = ("deepen", "concretise", "breadth")
_ATTEMPTS = 60
_MOST_STEPS, _MOST_EVENTS = 4, 3
_STEPS = {
    "en": ("reverse", "drop the first", "drop the last", "swap the ends"),
    "zh": ("倒序", "去首", "去尾", "换首尾"),
}
_BY_NAME = {skill.name: skill for skill in SKILLS}

Evolved = tuple[Skill, dict[str, str]]
Step = Callable[[World, random.Random, Skill, Slots], tuple[str, dict[str, str]] | None]


def evolved(world: World, rng: random.Random, method: str, skill: Skill, slots: Slots) -> Evolved | None:
    """An item that `method` makes of this one, or None where the world has no such item."""
    for _ in range(_ATTEMPTS):
        found: Evolved | None
        if method == "breadth":
            found = _other_of_field(world, rng, skill)
        elif method == "deepen" and skill.name in _DEEPER:
            found = _solved(world, _DEEPER[skill.name](world, rng, skill, slots))
        else:
            found = _harder(world, rng, skill, slots)
        if found is not None and is_train_item(*found):
            return found
    return None


def is_train_item(skill: Skill, slots: Slots) -> bool:
    """Neither the item nor the fact that it rests on is held out."""
    place = {"initial": "place", "home_fact": "working", "home_fact_zh": "working"}.get(skill.name)
    if place is not None and split_of_fact(slots[place], slots["relation"]) != "train":
        return False
    return skill.split_of(slots) == "train"


def _solved(world: World, made: tuple[str, dict[str, str]] | None) -> Evolved | None:
    if made is None:
        return None
    name, slots = made
    found = _BY_NAME[name].solved(world, slots)
    return None if found is None else (_BY_NAME[name], found)


def _field(skill: Skill) -> list[Skill]:
    """The other skills of the same use case and language; the skill itself where it is alone."""
    kind = (skill.use_case, skill.language)
    field = [other for other in SKILLS if (other.use_case, other.language) == kind]
    return [other for other in field if other is not skill] or field


def _other_of_field(world: World, rng: random.Random, skill: Skill) -> Evolved:
    other = rng.choice(_field(skill))
    return other, other.item(world, rng, "train")


def _harder(world: World, rng: random.Random, skill: Skill, slots: Slots) -> Evolved | None:
    """A harder item of the same kind, now and then of a neighbour."""
    other = skill if rng.random() < 0.8 else rng.choice(_field(skill))
    found = other.item(world, rng, "train")
    return (other, found) if other.difficulty(found) > skill.difficulty(slots) else None


def _to_initial(world: World, rng: random.Random, skill: Skill, slots: Slots) -> tuple[str, dict[str, str]]:
    return "initial", {"place": slots["place"], "relation": slots["relation"]}


def _to_chinese_home(
    world: World, rng: random.Random, skill: Skill, slots: Slots
) -> tuple[str, dict[str, str]]:
    first, second = rng.sample(CHINESE_PEOPLE, 2)
    text = f"{first}住在{slots['place']}。{second}住在{rng.choice(world.open_chinese_facts)[0]}。"
    return "home_fact_zh", {"text": text, "name": first, "relation": slots["relation"]}


def _to_chain(world: World, rng: random.Random, skill: Skill, slots: Slots) -> tuple[str, dict[str, str]]:
    steps = rng.sample(_STEPS["en"], 2)
    return "chain", {"code": slots["code"], "steps": ", ".join(steps)}


def _longer_chain(
    world: World, rng: random.Random, skill: Skill, slots: Slots
) -> tuple[str, dict[str, str]] | None:
    between = "，" if skill.language == "zh" else ", "
    steps = [*slots["steps"].split(between), rng.choice(_STEPS[skill.language])]
    dropped = sum(step.startswith(("drop", "去")) for step in steps)
    if len(steps) > _MOST_STEPS or len(slots["code"]) - dropped < 2:
        return None
    return skill.name, {"code": slots["code"], "steps": between.join(steps)}


def _to_total(world: World, rng: random.Random, skill: Skill, slots: Slots) -> tuple[str, dict[str, str]]:
    (first, second), goods = rng.sample(world.people, 2), rng.choice(world.goods)
    text = f"{first} bought {slots['a']} {goods}. {second} bought {slots['b']} {goods}."
    return "total", {"text": text, "goods": goods}


def _to_story(
    world: World, rng: random.Random, skill: Skill, slots: Slots
) -> tuple[str, dict[str, str]] | None:
    start = int(slots["answer"])
    if not 10 <= start < 100:
        return None
    change = rng.randint(2, 9)
    if skill.language == "zh":
        goods = rng.choice(CHINESE_GOODS)
        told = f"{rng.choice(CHINESE_PEOPLE)}有{start}个{goods}，得到{change}，失去{rng.randint(2, 9)}。"
        return "story_zh", {"text": told, "goods": goods}
    goods = rng.choice(world.goods)
    told = f"{rng.choice(world.people)} has {start} {goods}, gets {change}, loses {rng.randint(2, 9)}."
    return "story", {"text": told, "goods": goods}


def _longer_story(
    world: World, rng: random.Random, skill: Skill, slots: Slots
) -> tuple[str, dict[str, str]] | None:
    if skill.difficulty(slots) >= _MOST_EVENTS:
        return None
    number = rng.randint(2, 9)
    if skill.language == "zh":
        text = f"{slots['text'].removesuffix('。')}，{rng.choice(('得到', '失去'))}{number}。"
    else:
        text = f"{slots['text'].removesuffix('.')}, {rng.choice(('gets', 'loses'))} {number}."
    return skill.name, {"text": text, "goods": slots["goods"]}


_DEEPER: dict[str, Step] = {
    "fact": _to_initial,
    "fact_zh": _to_chinese_home,
    "reverse": _to_chain,
    "first_letter": _to_chain,
    "last_letter": _to_chain,
    "chain": _longer_chain,
    "chain_zh": _longer_chain,
    "add": _to_total,
    "subtract": _to_story,
    "add_zh": _to_story,
    "subtract_zh": _to_story,
    "story": _longer_story,
    "story_zh": _longer_story,
}
