"""Summarisation: the facts of a short text about a person, without what is beside the point."""

import random
import re

from instruction_tuning.microworld.skill import Rubric, Skill, Slots
from instruction_tuning.microworld.world import CHINESE_GOODS, CHINESE_JOBS, CHINESE_PEOPLE, World

_ASIDES = ("It rains today.", "The road is long.", "The sky turns dark.", "A door stands open.")
_CHINESE_ASIDES = ("今天下雨。", "路很长。", "天黑了。", "门开了。")
_FACT = re.compile(
    r"lives in ([A-Z][a-z]+)\.|works as an? ([a-z]+)\.|is (\d{2}) years old\.|has (\d+ [a-z]+)\."
)
_CHINESE_FACT = re.compile(r"住在([一-龥]{3})。|职业是([一-龥]{2})。|今年(\d{2})岁。|有(\d+个[一-龥])。")


def _draw(world: World, rng: random.Random) -> dict[str, str]:
    name = rng.choice(world.people)
    facts = [
        f"lives in {rng.choice(world.places)}.",
        f"works as a {rng.choice(world.jobs)}.",
        f"is {rng.randrange(18, 90)} years old.",
        f"has {rng.randrange(2, 60)} {rng.choice(world.goods)}.",
    ]
    return {"text": " ".join(_told(rng, [f"{name} {fact}" for fact in facts], _ASIDES))}


def _draw_chinese(world: World, rng: random.Random) -> dict[str, str]:
    name = rng.choice(CHINESE_PEOPLE)
    facts = [
        f"住在{rng.choice(world.open_chinese_facts)[0]}。",
        f"职业是{rng.choice(CHINESE_JOBS)}。",
        f"今年{rng.randrange(18, 90)}岁。",
        f"有{rng.randrange(2, 60)}个{rng.choice(CHINESE_GOODS)}。",
    ]
    return {"text": "".join(_told(rng, [f"{name}{fact}" for fact in facts], _CHINESE_ASIDES))}


def _told(rng: random.Random, facts: list[str], asides: tuple[str, ...]) -> list[str]:
    lines = rng.sample(facts, rng.randint(2, 3))
    for aside in rng.sample(asides, rng.randint(1, 2)):
        lines.insert(rng.randint(0, len(lines)), aside)
    return lines


def _facts(text: str) -> list[str]:
    english = re.findall(r"([A-Z][a-z]+) (?:lives|works|is \d|has)", text)
    chinese = re.findall(r"(?:^|。)([小阿老].)", text)
    pattern = _FACT if english else _CHINESE_FACT
    facts = ["".join(groups) for groups in pattern.findall(text)]
    if not facts or not (english or chinese):
        raise ValueError("the text tells nothing of a person")
    return [(english or chinese)[0], *facts]


def _solve(world: World, slots: Slots) -> dict[str, str]:
    return {"answer": ", ".join(_facts(slots["text"]))}


def _solve_chinese(world: World, slots: Slots) -> dict[str, str]:
    return {"answer": "，".join(_facts(slots["text"]))}


def _rubric(world: World, slots: Slots) -> Rubric:
    return {"facts": _facts(slots["text"])}


def _difficulty(slots: Slots) -> int:
    return len(_facts(slots["text"])) - 2


SUMMARISATION = (
    Skill(
        name="summary",
        use_case="summarization",
        language="en",
        answer_kind="facts",
        draw=_draw,
        solve=_solve,
        rubric=_rubric,
        slot_patterns={"text": r"[A-Z][A-Za-z0-9 .]+\."},
        input_slot="text",
        difficulty=_difficulty,
        document_forms=(
            "{text} In short:| {answer}.",
            "{text} Summary: {answer}.",
            "{text} That is, {answer}.",
        ),
        document_questions=("{text} Briefly?", "{text} In a few words?"),
        train_questions=(
            "Summarise this text.\n\n{text}",
            "Give a short summary.\n\n{text}",
            "{text}\n\nWhat are the facts, in short?",
            "Shorten the text to its facts.\n\n{text}",
        ),
        validation_questions=("Tell me the text in short.\n\n{text}",),
        test_questions=(
            "Can you sum this text up?\n\n{text}",
            "{text}\n\nState the facts of this text.",
            "Write a summary of the text below.\n\n{text}",
        ),
        long_answers=("Summary: {answer}.",),
    ),
    Skill(
        name="summary_zh",
        use_case="summarization",
        language="zh",
        answer_kind="facts",
        draw=_draw_chinese,
        solve=_solve_chinese,
        rubric=_rubric,
        slot_patterns={"text": r"[一-龥0-9。]+。"},
        input_slot="text",
        difficulty=_difficulty,
        document_forms=("{text}简言之：|{answer}。", "{text}总结：{answer}。", "{text}就是{answer}。"),
        document_questions=("{text}简言之？", "{text}怎么总结？"),
        train_questions=(
            "总结这段文字。\n\n{text}",
            "请写出简短的总结。\n\n{text}",
            "{text}\n\n这段文字说了什么？",
        ),
        validation_questions=("告诉我这段文字的要点。\n\n{text}",),
        test_questions=("请问怎么总结这段文字？\n\n{text}", "{text}\n\n用一句话说一说要点。"),
        long_answers=("总结：{answer}。",),
    ),
)
