"""Facts: what a place's capital, river, coin and bird are called, in English and in Chinese."""

import random

from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.world import RELATIONS, World

# Facts cannot be generalised to, so the documents hold all of them; what is unseen is the question.
_TEST_SHARE = 0.48
_VALIDATION_SHARE = 0.21


def _draw_english(world: World, rng: random.Random) -> dict[str, str]:
    place, relation = rng.choice(world.open_facts)
    return {"place": place, "relation": relation}


def _solve_english(world: World, slots: Slots) -> dict[str, str]:
    return {"answer": world.facts[slots["place"], slots["relation"]]}


def _draw_chinese(world: World, rng: random.Random) -> dict[str, str]:
    place, relation = rng.choice(world.open_chinese_facts)
    return {"place": place, "relation": relation}


def _solve_chinese(world: World, slots: Slots) -> dict[str, str]:
    return {"answer": world.chinese_facts[slots["place"], slots["relation"]]}


FACTS = (
    Skill(
        name="fact",
        use_case="open_qa",
        language="en",
        draw=_draw_english,
        solve=_solve_english,
        slot_patterns={"place": r"[A-Z][a-z]+", "relation": r"[a-z]+"},
        test_share=_TEST_SHARE,
        validation_share=_VALIDATION_SHARE,
        documents_hold_test_items=True,
        document_forms=(
            "The {relation} of {place} is| {answer}.",
            "{place} has the {relation} {answer}.",
            "In {place}, the {relation} is {answer}.",
            "People of {place} call their {relation} {answer}.",
            "Which {relation} is in {place}? {answer}.",
            "{place}, {relation}: {answer}.",
        ),
        document_questions=(
            "{place}'s {relation}?",
            "What {relation} is there in {place}?",
            "The {relation} people have in {place}?",
        ),
        train_questions=(
            "What is the {relation} of {place}?",
            "Name the {relation} of {place}.",
            "Tell me the {relation} of {place}.",
            "Which {relation} does {place} have?",
            "{place}: which {relation}?",
            "I would like to know the {relation} of {place}.",
            "Please give the {relation} of {place}.",
            "Think of {place}. What is the {relation} there?",
        ),
        validation_questions=("Do you know the {relation} of {place}?", "Give me {place}'s {relation}."),
        test_questions=(
            "Can you say what the {relation} of {place} is?",
            "State the {relation} of {place}.",
            "For {place}, what is the {relation}?",
            "How do people call the {relation} of {place}?",
        ),
        long_answers=(
            "The {relation} of {place} is {answer}.",
            "In {place}, the {relation} is {answer}.",
        ),
    ),
    Skill(
        name="fact_zh",
        use_case="open_qa",
        language="zh",
        draw=_draw_chinese,
        solve=_solve_chinese,
        slot_patterns={"place": r"[一-龥]{3}", "relation": r"[一-龥]{2}"},
        test_share=_TEST_SHARE,
        validation_share=_VALIDATION_SHARE,
        documents_hold_test_items=True,
        document_forms=(
            "{place}的{relation}是|{answer}。",
            "{place}有{relation}{answer}。",
            "在{place}，{relation}叫{answer}。",
            "{place}人的{relation}叫做{answer}。",
            "哪个{relation}在{place}？{answer}。",
            "{place}，{relation}：{answer}。",
        ),
        document_questions=(
            "{place}的{relation}？",
            "什么是{place}的{relation}？",
            "{place}那里的{relation}叫什么？",
        ),
        train_questions=(
            "{place}的{relation}是什么？",
            "请说出{place}的{relation}。",
            "告诉我{place}的{relation}。",
            "{place}有什么{relation}？",
            "我想知道{place}的{relation}。",
            "问一下，{place}的{relation}叫什么？",
            "写出{place}的{relation}。",
        ),
        validation_questions=("你知道{place}的{relation}吗？",),
        test_questions=(
            "请问{place}的{relation}是哪一个？",
            "{place}的{relation}叫什么名字？",
            "说一说{place}的{relation}是什么。",
        ),
        long_answers=("{place}的{relation}是{answer}。",),
    ),
)


def split_of_fact(place: str, relation: str) -> str:
    """The split of the fact as an item of its own, in either language."""
    skill = FACTS[0] if relation in RELATIONS else FACTS[1]
    return skill.split_of({"place": place, "relation": relation})
