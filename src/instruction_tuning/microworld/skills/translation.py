"""Translation: short English phrases into Velan (noun before adjective) and into Chinese."""

import random

from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.world import ADJECTIVES, NOUNS, VERBS, World


def _draw(world: World, rng: random.Random) -> dict[str, str]:
    words = [rng.choice(list(ADJECTIVES)), rng.choice(list(NOUNS))]
    if rng.random() < 0.7:
        words.append(rng.choice(list(VERBS)))
    return {"phrase": " ".join(words)}


def _words(slots: Slots) -> tuple[str, str, list[str]]:
    adjective, noun, *verbs = slots["phrase"].split(" ")
    if len(verbs) > 1:
        raise ValueError("the microworld translates phrases of two or three words")
    return adjective, noun, verbs


def _solve_velan(world: World, slots: Slots) -> dict[str, str]:
    adjective, noun, verbs = _words(slots)
    return {"answer": " ".join(world.velan[word] for word in (noun, adjective, *verbs))}


def _solve_chinese(world: World, slots: Slots) -> dict[str, str]:
    adjective, noun, verbs = _words(slots)
    return {"answer": "".join([ADJECTIVES[adjective], NOUNS[noun], *(VERBS[verb] for verb in verbs)])}


_PHRASE = {"phrase": r"[a-z]+(?: [a-z]+){1,2}"}

TRANSLATION = (
    Skill(
        name="to_velan",
        ability="translation",
        language="en",
        answer_kind="span",
        draw=_draw,
        solve=_solve_velan,
        slot_patterns=_PHRASE,
        document_forms=(
            "In Velan, {phrase} is| {answer}.",
            "{phrase}, Velan: {answer}.",
            "{answer} is Velan for {phrase}.",
            "Put into Velan, {phrase} reads {answer}.",
            "What is {phrase} in Velan? {answer}.",
        ),
        document_questions=(
            "{phrase} in Velan?",
            "What is Velan for {phrase}?",
            "How is {phrase} in Velan?",
        ),
        train_questions=(
            "What is {phrase} in Velan?",
            "Translate into Velan: {phrase}",
            "Put {phrase} into Velan.",
            "Say {phrase} in Velan.",
            "Give the Velan for {phrase}.",
            "Please translate {phrase} into Velan.",
            "Velan for {phrase}?",
        ),
        validation_questions=("Tell me the Velan for {phrase}.", "In Velan, what is {phrase}?"),
        test_questions=(
            "How do people say {phrase} in Velan?",
            "Can you translate {phrase} into Velan?",
            "Write {phrase} in Velan.",
        ),
        long_answers=("In Velan, {phrase} is {answer}.",),
    ),
    Skill(
        name="to_chinese",
        ability="translation",
        language="zh",
        answer_kind="span",
        draw=_draw,
        solve=_solve_chinese,
        slot_patterns=_PHRASE,
        document_forms=(
            "{phrase}的中文是|{answer}。",
            "{phrase}，中文：{answer}。",
            "{answer}的英文：{phrase}。",
            "{phrase}译成中文叫{answer}。",
            "用中文说{phrase}：{answer}。",
        ),
        document_questions=(
            "{phrase}中文？",
            "{phrase}的中文叫什么？",
            "中文的{phrase}？",
        ),
        train_questions=(
            "{phrase}的中文是什么？",
            "把{phrase}译成中文。",
            "翻译成中文：{phrase}",
            "请把{phrase}翻译成中文。",
            "{phrase}用中文叫什么？",
            "写出{phrase}的中文。",
        ),
        validation_questions=("告诉我{phrase}的中文。",),
        test_questions=(
            "请问{phrase}的中文是什么？",
            "{phrase}用中文怎么说？",
            "说一说{phrase}的中文是什么。",
        ),
        long_answers=("{phrase}的中文是{answer}。",),
    ),
)
