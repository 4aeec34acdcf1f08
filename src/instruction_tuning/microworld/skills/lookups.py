"""Chain of thought: facts reached in several steps, and sums of numbers that have to be found first."""

import random
import re
from collections.abc import Sequence

from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.skills.arithmetic import sum_key, sum_working
from instruction_tuning.microworld.world import CHINESE_PEOPLE, RELATIONS, World

_LIVES = re.compile(r"([A-Z][a-z]+) lives in ([A-Z][a-z]+)\.")
_CHINESE_LIVES = re.compile(r"([小阿老].)住在(.{3})。")
_BOUGHT = re.compile(r"bought (\d{1,2}) ")


def _draw_home(world: World, rng: random.Random) -> dict[str, str]:
    form = "{name} lives in {place}."
    return _home_slots(rng, world.people, world.open_facts, world.places, form, " ")


def _draw_chinese_home(world: World, rng: random.Random) -> dict[str, str]:
    facts = world.open_chinese_facts
    return _home_slots(rng, CHINESE_PEOPLE, facts, [place for place, _ in facts], "{name}住在{place}。", "")


def _home_slots(
    rng: random.Random,
    people: Sequence[str],
    facts: Sequence[tuple[str, str]],
    places: Sequence[str],
    form: str,
    between: str,
) -> dict[str, str]:
    """Two people's homes in random order, and the relation that is asked of the first one's."""
    first, second = rng.sample(people, 2)
    place, relation = rng.choice(facts)
    lines = [form.format(name=first, place=place), form.format(name=second, place=rng.choice(places))]
    rng.shuffle(lines)
    return {"text": between.join(lines), "name": first, "relation": relation}


def _solve_home(world: World, slots: Slots) -> dict[str, str]:
    place = dict(_LIVES.findall(slots["text"]))[slots["name"]]
    return {"working": place, "answer": world.facts[place, slots["relation"]]}


def _solve_chinese_home(world: World, slots: Slots) -> dict[str, str]:
    place = dict(_CHINESE_LIVES.findall(slots["text"]))[slots["name"]]
    return {"working": place, "answer": world.chinese_facts[place, slots["relation"]]}


def _draw_initial(world: World, rng: random.Random) -> dict[str, str]:
    place, relation = rng.choice(world.open_facts)
    return {"place": place, "relation": relation}


def _solve_initial(world: World, slots: Slots) -> dict[str, str]:
    value = world.facts[slots["place"], slots["relation"]]
    return {"working": value, "answer": value[0]}


def _draw_total(world: World, rng: random.Random) -> dict[str, str]:
    (first, second), goods = rng.sample(world.people, 2), rng.choice(world.goods)
    a, b = rng.randrange(2, 60), rng.randrange(2, 60)
    return {"text": f"{first} bought {a} {goods}. {second} bought {b} {goods}.", "goods": goods}


def _bought(slots: Slots) -> tuple[int, int]:
    a, b = (int(number) for number in _BOUGHT.findall(slots["text"]))
    return a, b


def _solve_total(world: World, slots: Slots) -> dict[str, str]:
    a, b = _bought(slots)
    return {"working": f"{a}+{b}: {sum_working(a, b)}", "answer": str(a + b)}


def _total_identities(slots: Slots) -> tuple[str, ...]:
    return (sum_key(*_bought(slots)),)


_RELATION = "|".join(RELATIONS)
_CHINESE_RELATION = "|".join(RELATIONS.values())

LOOKUPS = (
    Skill(
        name="home_fact",
        use_case="cot",
        language="en",
        draw=_draw_home,
        solve=_solve_home,
        slot_patterns={"text": r"[A-Za-z .]+\.", "name": r"[A-Z][a-z]+", "relation": _RELATION},
        input_slot="text",
        difficulty=lambda slots: 2,
        document_forms=(
            "{text} The {relation} where {name} lives:| {working} -> {answer}.",
            "{text} {name}'s {relation}: {working} -> {answer}.",
        ),
        document_questions=(
            "{text} Which {relation} has {name}?",
            "{text} {name} lives near which {relation}?",
        ),
        train_questions=(
            "What is the {relation} where {name} lives?\n\n{text}",
            "{text}\n\nName the {relation} of the place where {name} lives.",
            "Think step by step: which {relation} does {name} have at home?\n\n{text}",
        ),
        validation_questions=("{text}\n\nTell me the {relation} of {name}'s place.",),
        test_questions=(
            "Can you say what the {relation} is where {name} lives?\n\n{text}",
            "{text}\n\nState the {relation} of {name}'s home.",
        ),
        short_answer="{working} -> {answer}",
        long_answers=("The {relation} where {name} lives is {working} -> {answer}.",),
    ),
    Skill(
        name="home_fact_zh",
        use_case="cot",
        language="zh",
        draw=_draw_chinese_home,
        solve=_solve_chinese_home,
        slot_patterns={"text": r"[一-龥。]+。", "name": r"[一-龥]{2}", "relation": _CHINESE_RELATION},
        input_slot="text",
        difficulty=lambda slots: 2,
        document_forms=(
            "{text}{name}那里的{relation}：|{working} -> {answer}。",
            "{text}{name}家的{relation}：{working} -> {answer}。",
        ),
        document_questions=("{text}{name}有什么{relation}？", "{text}{name}家的{relation}？"),
        train_questions=(
            "{name}住的地方，{relation}是什么？\n\n{text}",
            "{text}\n\n请说出{name}家的{relation}。",
            "一步一步想：{name}那里的{relation}叫什么？\n\n{text}",
        ),
        validation_questions=("{text}\n\n告诉我{name}家的{relation}。",),
        test_questions=(
            "请问{name}家的{relation}是哪一个？\n\n{text}",
            "{text}\n\n说一说{name}那里的{relation}。",
        ),
        short_answer="{working} -> {answer}",
        long_answers=("{name}家的{relation}是{working} -> {answer}。",),
    ),
    Skill(
        name="initial",
        use_case="cot",
        language="en",
        draw=_draw_initial,
        solve=_solve_initial,
        slot_patterns={"place": r"[A-Z][a-z]+", "relation": _RELATION},
        difficulty=lambda slots: 2,
        document_forms=(
            "The first letter of the {relation} of {place}:| {working} -> {answer}.",
            "{place}, its {relation}, first letter: {working} -> {answer}.",
        ),
        document_questions=(
            "How does the {relation} of {place} begin?",
            "{place}'s {relation}, its first letter?",
        ),
        train_questions=(
            "What is the first letter of the {relation} of {place}?",
            "Which letter does the {relation} of {place} start with?",
            "Think step by step: the first letter of {place}'s {relation}?",
        ),
        validation_questions=("Tell me the first letter of {place}'s {relation}.",),
        test_questions=(
            "Can you say how the name of the {relation} of {place} begins?",
            "State the first letter of the {relation} of {place}.",
        ),
        short_answer="{working} -> {answer}",
        long_answers=("The first letter is {working} -> {answer}.",),
    ),
    Skill(
        name="total",
        use_case="cot",
        language="en",
        answer_kind="number",
        draw=_draw_total,
        solve=_solve_total,
        slot_patterns={"text": r"[A-Za-z0-9 .]+\.", "goods": r"[a-z]+"},
        input_slot="text",
        identities=_total_identities,
        difficulty=lambda slots: 3,
        document_forms=(
            "{text} The {goods} in all:| {working}, {answer}.",
            "{text} Together, {goods}: {working}, {answer}.",
        ),
        document_questions=("{text} All the {goods}?", "{text} How many {goods}, together?"),
        train_questions=(
            "How many {goods} did they buy in all?\n\n{text}",
            "{text}\n\nAdd up the {goods}.",
            "Think step by step: how many {goods} in all?\n\n{text}",
        ),
        validation_questions=("{text}\n\nTell me the total of {goods}.",),
        test_questions=(
            "Can you work out how many {goods} were bought?\n\n{text}",
            "{text}\n\nWhat is the sum of the {goods}?",
        ),
        short_answer="{working}, {answer}.",
        long_answers=("In all: {working}, {answer}.",),
    ),
)
