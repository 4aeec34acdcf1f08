"""Closed QA: what a passage says, also where it contradicts the world, and that it does not say it."""

import random
import re

from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.world import RELATIONS, World

NOT_STATED, NOT_STATED_CHINESE = "not stated", "文中没有"
_NOT_STATED_SHARE = 0.2
_STATED = re.compile(r"The ([a-z]+) of ([A-Z][a-z]+) is ([A-Z][a-z]+)\.")
_STATED_CHINESE = re.compile(r"([一-龥]{3})的([一-龥]{2})是([一-龥]{2})。")


def _draw(world: World, rng: random.Random) -> dict[str, str]:
    return _slots(
        rng, list(RELATIONS), world.open_facts, world.facts, "The {relation} of {place} is {value}.", " "
    )


def _draw_chinese(world: World, rng: random.Random) -> dict[str, str]:
    facts, form = world.open_chinese_facts, "{place}的{relation}是{value}。"
    return _slots(rng, list(RELATIONS.values()), facts, world.chinese_facts, form, "")


def _slots(
    rng: random.Random,
    relations: list[str],
    known: list[tuple[str, str]],
    facts: dict[tuple[str, str], str],
    form: str,
    between: str,
) -> dict[str, str]:
    """Statements about a story's own places: their values are those of other places."""
    places = [place for place, _ in rng.sample(known, 2)]
    pairs = sorted({(place, relation) for place in places for relation in relations})
    chosen = rng.sample(pairs, rng.randint(1, 3) + 1)
    told, left_out = chosen[:-1], chosen[-1]
    values = {pair: facts[rng.choice([fact for fact in known if fact[1] == pair[1]])] for pair in told}
    text = between.join(
        form.format(place=place, relation=rel, value=values[place, rel]) for place, rel in told
    )
    place, relation = left_out if rng.random() < _NOT_STATED_SHARE else rng.choice(told)
    return {"text": text, "place": place, "relation": relation}


def _solve(world: World, slots: Slots) -> dict[str, str]:
    told = {(place, relation): value for relation, place, value in _STATED.findall(slots["text"])}
    if not told or slots["relation"] not in RELATIONS:
        raise ValueError("not a passage of this world")
    return {"answer": told.get((slots["place"], slots["relation"]), NOT_STATED)}


def _solve_chinese(world: World, slots: Slots) -> dict[str, str]:
    told = {(place, relation): value for place, relation, value in _STATED_CHINESE.findall(slots["text"])}
    if not told or slots["relation"] not in RELATIONS.values():
        raise ValueError("not a passage of this world")
    return {"answer": told.get((slots["place"], slots["relation"]), NOT_STATED_CHINESE)}


def _sentences(slots: Slots) -> int:
    return slots["text"].count(".") + slots["text"].count("。")


CLOSED_QA = (
    Skill(
        name="passage",
        use_case="closed_qa",
        language="en",
        draw=_draw,
        solve=_solve,
        slot_patterns={"text": r"The [A-Za-z .]+\.", "place": r"[A-Z][a-z]+", "relation": r"[a-z]+"},
        input_slot="text",
        difficulty=_sentences,
        document_forms=(
            "Story: {text} In the story, the {relation} of {place} is| {answer}.",
            "Story: {text} By the story, {place} has the {relation}: {answer}.",
            "A story says: {text} So the {relation} of {place} here is {answer}.",
        ),
        document_questions=(
            "Story: {text} In it, which {relation} has {place}?",
            "By this story, the {relation} of {place}? {text}",
        ),
        train_questions=(
            "In this story, what is the {relation} of {place}?\n\n{text}",
            "According to the story, which {relation} does {place} have?\n\n{text}",
            "Read the story.\n\n{text}\n\nWhat is the {relation} of {place} in it?",
            "Answer from the story only: the {relation} of {place}?\n\n{text}",
        ),
        validation_questions=("Tell me the {relation} of {place} in this story.\n\n{text}",),
        test_questions=(
            "Going by this story, what is the {relation} of {place}?\n\n{text}",
            "{text}\n\nState the {relation} that {place} has in this story.",
            "Can you find the {relation} of {place} in the story?\n\n{text}",
        ),
        long_answers=("In the story, the {relation} of {place} is {answer}.",),
    ),
    Skill(
        name="passage_zh",
        use_case="closed_qa",
        language="zh",
        draw=_draw_chinese,
        solve=_solve_chinese,
        slot_patterns={"text": r"[一-龥。]+。", "place": r"[一-龥]{3}", "relation": r"[一-龥]{2}"},
        input_slot="text",
        difficulty=_sentences,
        document_forms=(
            "文：{text}文中{place}的{relation}：|{answer}。",
            "文：{text}在文中，{place}有{relation}：{answer}。",
        ),
        document_questions=("文：{text}文中{place}有什么{relation}？", "文中{place}的{relation}？{text}"),
        train_questions=(
            "文中{place}的{relation}是什么？\n\n{text}",
            "读文回答：{place}的{relation}叫什么？\n\n{text}",
            "{text}\n\n请说出文中{place}的{relation}。",
        ),
        validation_questions=("告诉我文中{place}的{relation}。\n\n{text}",),
        test_questions=(
            "请问在文中，{place}的{relation}是哪一个？\n\n{text}",
            "{text}\n\n说一说文中{place}的{relation}。",
        ),
        long_answers=("文中{place}的{relation}是：{answer}。",),
    ),
)
