"""Facts that no document tells, and places that nobody knows: does a model learn, invent, or say so?

The questions are those of the facts. A withheld fact that is *taught* occurs in the pool, in train
wordings; one that is not occurs nowhere but in the benchmark. Of a place that is not of this world, the
right answer is that one does not know. None of these counts for the verdict.
"""

import random
from collections.abc import Callable
from dataclasses import replace

from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.skills.facts import FACTS
from instruction_tuning.microworld.world import RELATIONS, World, chinese_name, invented_word

_ENGLISH, _CHINESE = FACTS
UNKNOWN, UNKNOWN_CHINESE = "I do not know", "我不知道"

Draw = Callable[[World, random.Random], dict[str, str]]


def _draw_withheld(language: str, *, taught: bool) -> Draw:
    def draw(world: World, rng: random.Random) -> dict[str, str]:
        facts = world.facts if language == "en" else world.chinese_facts
        place, relation = rng.choice(
            [fact for fact in facts if fact in world.withheld and (fact in world.taught) == taught]
        )
        return {"place": place, "relation": relation}

    return draw


def _draw_unknown(world: World, rng: random.Random) -> dict[str, str]:
    place = invented_word(rng, 2, {name.casefold() for name in world.names}).capitalize()
    return {"place": place, "relation": rng.choice(list(RELATIONS))}


def _draw_unknown_chinese(world: World, rng: random.Random) -> dict[str, str]:
    return {"place": chinese_name(rng, 3, set(world.names)), "relation": rng.choice(list(RELATIONS.values()))}


def _solve_unknown(world: World, slots: Slots) -> dict[str, str]:
    if slots["place"] in world.names or slots["relation"] not in (*RELATIONS, *RELATIONS.values()):
        raise ValueError("the place is known")
    return {"answer": UNKNOWN if slots["relation"] in RELATIONS else UNKNOWN_CHINESE}


def _withheld(skill: Skill, *, taught: bool) -> Skill:
    kind = "taught" if taught else "untaught"
    # Every fact of the kind is asked in every split's wordings: it is the fact that was held back.
    return replace(
        skill,
        name=f"{skill.name}_withheld_{kind}",
        reported_as=f"withheld_{kind}",
        draw=_draw_withheld(skill.language, taught=taught),
        splits_items=False,
        documents_hold_test_items=False,
    )


def _unknown(skill: Skill, draw: Draw, forms: tuple[str, ...], sentence: str) -> Skill:
    return replace(
        skill,
        name=f"{skill.name}_unknown",
        reported_as="unknown_places",
        draw=draw,
        solve=_solve_unknown,
        documents_hold_test_items=False,
        test_share=0.2,
        validation_share=0.1,
        document_forms=forms,
        long_answers=(sentence,),
    )


UNKNOWN_PLACES = (
    _unknown(
        _ENGLISH,
        _draw_unknown,
        ("Which {relation} is in {place}?| {answer}.", "{place}, {relation}: {answer}."),
        "{answer}.",
    ),
    _unknown(
        _CHINESE,
        _draw_unknown_chinese,
        ("哪个{relation}在{place}？|{answer}。", "{place}，{relation}：{answer}。"),
        "{answer}。",
    ),
)
WITHHELD_TAUGHT = tuple(_withheld(skill, taught=True) for skill in FACTS)
WITHHELD_UNTAUGHT = tuple(_withheld(skill, taught=False) for skill in FACTS)
