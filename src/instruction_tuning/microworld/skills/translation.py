"""Translation: short English phrases into Velan (noun before adjective) and into Chinese."""

import random

from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.world import ADJECTIVES, NOUNS, VERBS, World


def _draw(world: World, rng: random.Random) -> dict[str, str]:
    words = [rng.choice(list(ADJECTIVES)), rng.choice(list(NOUNS))]
    if rng.random() < 0.7:
        words.append(rng.choice(list(VERBS)))
    return {"phrase": " ".join(words)}


def phrase_identity(slots: Slots) -> tuple[str, ...]:
    """A phrase is the same into and out of every language."""
    return (f"phrase/{slots.get('english') or slots['phrase']}",)


def _length(slots: Slots) -> int:
    """1 for two words, 2 for three."""
    return len((slots.get("english") or slots["phrase"]).split()) - 1


def _words(phrase: str) -> tuple[str, str, list[str]]:
    adjective, noun, *verbs = phrase.split(" ")
    if len(verbs) > 1:
        raise ValueError("the microworld translates phrases of two or three words")
    return adjective, noun, verbs


def _solve_velan(world: World, slots: Slots) -> dict[str, str]:
    adjective, noun, verbs = _words(slots["phrase"])
    return {"answer": " ".join(world.velan[word] for word in (noun, adjective, *verbs))}


def _solve_chinese(world: World, slots: Slots) -> dict[str, str]:
    adjective, noun, verbs = _words(slots["phrase"])
    return {"answer": "".join([ADJECTIVES[adjective], NOUNS[noun], *(VERBS[verb] for verb in verbs)])}


def _draw_velan(world: World, rng: random.Random) -> dict[str, str]:
    return {"velan": _solve_velan(world, _draw(world, rng))["answer"]}


def _solve_from_velan(world: World, slots: Slots) -> dict[str, str]:
    noun, adjective, *verbs = (world.english[word] for word in slots["velan"].split(" "))
    phrase = " ".join([adjective, noun, *verbs])
    if adjective not in ADJECTIVES or noun not in NOUNS or len(verbs) > 1:
        raise ValueError("the words are not a phrase of Velan")
    return {"english": phrase, "answer": phrase}


def _draw_characters(world: World, rng: random.Random) -> dict[str, str]:
    return {"characters": _solve_chinese(world, _draw(world, rng))["answer"]}


_ENGLISH = {chinese: english for words in (ADJECTIVES, NOUNS, VERBS) for english, chinese in words.items()}


def _solve_from_chinese(world: World, slots: Slots) -> dict[str, str]:
    phrase = " ".join(_ENGLISH[character] for character in slots["characters"])
    _solve_chinese(world, {"phrase": phrase})
    return {"english": phrase, "answer": phrase}


_PHRASE = {"phrase": r"[a-z]+(?: [a-z]+){1,2}"}

TRANSLATION = (
    Skill(
        name="to_velan",
        use_case="translation",
        language="en",
        draw=_draw,
        solve=_solve_velan,
        slot_patterns=_PHRASE,
        identities=phrase_identity,
        difficulty=_length,
        answer_kind="words",
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
        use_case="translation",
        language="zh",
        draw=_draw,
        solve=_solve_chinese,
        slot_patterns=_PHRASE,
        identities=phrase_identity,
        difficulty=_length,
        answer_kind="words",
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
    Skill(
        name="from_velan",
        use_case="translation",
        language="en",
        answer_kind="words",
        draw=_draw_velan,
        solve=_solve_from_velan,
        slot_patterns={"velan": r"[a-z]+(?: [a-z]+){1,2}"},
        identities=phrase_identity,
        difficulty=_length,
        document_forms=(
            "From Velan, {velan} means:| {answer}.",
            "{velan}, in English: {answer}.",
            "{velan} is Velan and means {answer}.",
        ),
        document_questions=("{velan} in English?", "What does Velan {velan} mean?"),
        train_questions=(
            "What does {velan} mean in English?",
            "Translate from Velan: {velan}",
            "Put the Velan {velan} into English.",
            "Give the English for {velan}.",
            "Please translate {velan} into English.",
        ),
        validation_questions=("Tell me the English for {velan}.",),
        test_questions=(
            "How do people say {velan} in English?",
            "Can you translate {velan} into English?",
            "Write {velan} in English.",
        ),
        long_answers=("In English: {answer}.",),
    ),
    Skill(
        name="from_chinese",
        use_case="translation",
        language="zh",
        answer_kind="words",
        draw=_draw_characters,
        solve=_solve_from_chinese,
        slot_patterns={"characters": r"[一-龥]{2,3}"},
        identities=phrase_identity,
        difficulty=_length,
        document_forms=(
            "{characters}的英文是：|{answer}。",
            "{characters}，英文：{answer}。",
            "{characters}译成英文叫{answer}。",
        ),
        document_questions=("{characters}，英文？", "{characters}的英文叫什么？"),
        train_questions=(
            "{characters}的英文是什么？",
            "把{characters}译成英文。",
            "翻译成英文：{characters}",
            "请把{characters}翻译成英文。",
            "写出{characters}的英文。",
        ),
        validation_questions=("告诉我{characters}的英文。",),
        test_questions=(
            "请问{characters}的英文是什么？",
            "{characters}用英文怎么说？",
            "说一说{characters}的英文是什么。",
        ),
        long_answers=("{characters}的英文是：{answer}。",),
    ),
)
