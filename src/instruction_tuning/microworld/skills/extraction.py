"""Extraction: a field's value out of a short text about a person or an order."""

import random
import re

from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.world import CHINESE_GOODS, CHINESE_JOBS, CHINESE_PEOPLE, World

_PERSON = (
    "{name} lives in {town}. {name} is a {job} and is {age} years old.",
    "In {town} there is a {job}, {name}, who is {age} years old.",
    "{name}, {age} years old, works in {town} as a {job}.",
)
_ORDER = (
    "{name} from {town} bought {number} {goods}.",
    "A buyer in {town}, {name}, ordered {number} {goods}.",
    "{number} {goods} go to {name} in {town}.",
)
_PATTERNS = {
    "name": r"[A-Z][a-z]+",
    "town": r"[A-Z][a-z]+",
    "job": r"[a-z]+",
    "age": r"\d{2}",
    "number": r"\d{1,2}",
    "goods": r"[a-z]+",
}


_CHINESE_TEXTS = ("{name}住在{town}，是{job}，{age}岁。", "{town}的{job}{name}{age}岁。")
_CHINESE_ORDERS = ("{town}的{name}买了{number}个{goods}。", "{name}在{town}买了{number}个{goods}。")
_CHINESE_FIELDS = {
    "名字": "name",
    "地方": "town",
    "职业": "job",
    "年龄": "age",
    "数量": "number",
    "东西": "goods",
}
_CHINESE_PATTERNS = {
    "name": r"[小阿老].",
    "town": r".{3}",
    "job": r".{2}",
    "age": r"\d{2}",
    "number": r"\d{1,2}",
    "goods": r"[^\d]",
}


def _draw(world: World, rng: random.Random) -> dict[str, str]:
    values = {
        "name": rng.choice(world.people),
        "town": rng.choice(world.places),
        "job": rng.choice(world.jobs),
        "age": str(rng.randrange(18, 90)),
        "number": str(rng.randrange(2, 60)),
        "goods": rng.choice(world.goods),
    }
    templates, fields = (
        (_PERSON, ("name", "town", "job", "age"))
        if rng.random() < 0.5
        else (_ORDER, ("name", "town", "number", "goods"))
    )
    return {"text": rng.choice(templates).format(**values), "field": rng.choice(fields)}


def _draw_chinese(world: World, rng: random.Random) -> dict[str, str]:
    values = {
        "name": rng.choice(CHINESE_PEOPLE),
        "town": rng.choice(world.open_chinese_facts)[0],
        "job": rng.choice(CHINESE_JOBS),
        "age": str(rng.randrange(18, 90)),
        "number": str(rng.randrange(2, 60)),
        "goods": rng.choice(CHINESE_GOODS),
    }
    templates, fields = (
        (_CHINESE_TEXTS, ("名字", "地方", "职业", "年龄"))
        if rng.random() < 0.5
        else (_CHINESE_ORDERS, ("名字", "地方", "数量", "东西"))
    )
    return {"text": rng.choice(templates).format(**values), "field": rng.choice(fields)}


def _text_pattern(template: str, patterns: dict[str, str]) -> re.Pattern[str]:
    pattern, seen = "", set()
    for part in re.split(r"(\{\w+\})", template):
        slot = part[1:-1]
        if not part.startswith("{"):
            pattern += re.escape(part)
        elif slot in seen:
            pattern += f"(?P={slot})"
        else:
            pattern += f"(?P<{slot}>{patterns[slot]})"
            seen.add(slot)
    return re.compile(pattern)


_TEXTS = (
    *(_text_pattern(template, _PATTERNS) for template in (*_PERSON, *_ORDER)),
    *(_text_pattern(template, _CHINESE_PATTERNS) for template in (*_CHINESE_TEXTS, *_CHINESE_ORDERS)),
)


def _solve(world: World, slots: Slots) -> dict[str, str]:
    for pattern in _TEXTS:
        if found := pattern.fullmatch(slots["text"]):
            return {"answer": found[_CHINESE_FIELDS.get(slots["field"], slots["field"])]}
    raise ValueError("the text is not one of this world")


EXTRACTION = (
    Skill(
        name="extract",
        use_case="extraction",
        language="en",
        draw=_draw,
        solve=_solve,
        slot_patterns={"text": r"[A-Za-z0-9 ,.]+?", "field": r"name|town|job|age|number|goods"},
        input_slot="text",
        document_forms=(
            "{text} The {field} in this text is| {answer}.",
            "{text} Its {field}: {answer}.",
            "Text: {text} From the text, {field}: {answer}.",
            "{text} Which {field} is in the text? {answer}.",
        ),
        document_questions=(
            "{text} What {field}?",
            "The {field} here? {text}",
            "{text} Which {field} is it?",
            "In this text, which {field}? {text}",
        ),
        train_questions=(
            "What is the {field} in this text?\n\n{text}",
            "Find the {field} in the text.\n\n{text}",
            "Give the {field} from this text.\n\n{text}",
            "Extract the {field}.\n\n{text}",
            "{text}\n\nWhich {field} is in the text?",
            "Read the text and name the {field}.\n\n{text}",
            "Text: {text}\n\nWrite the {field}.",
        ),
        validation_questions=("Tell me the {field} in the text.\n\n{text}", "{text}\n\nGive its {field}."),
        test_questions=(
            "Can you find the {field} in this text?\n\n{text}",
            "State the {field} that is in the text.\n\n{text}",
            "Text: {text}\n\nWhat is its {field}?",
        ),
        long_answers=("The {field} in this text is {answer}.",),
    ),
    Skill(
        name="extract_zh",
        use_case="extraction",
        language="zh",
        draw=_draw_chinese,
        solve=_solve,
        slot_patterns={"text": r"[一-龥0-9，]+。", "field": "|".join(_CHINESE_FIELDS)},
        input_slot="text",
        document_forms=(
            "{text}这里的{field}是|{answer}。",
            "{text}{field}：{answer}。",
            "文：{text}文里{field}叫{answer}。",
        ),
        document_questions=("{text}什么{field}？", "{field}呢？{text}"),
        train_questions=(
            "这段文字里的{field}是什么？\n\n{text}",
            "找出{field}。\n\n{text}",
            "{text}\n\n请写出{field}。",
            "请提取{field}：{text}",
        ),
        validation_questions=("告诉我文字里的{field}。\n\n{text}",),
        test_questions=("请问这段文字里的{field}是哪一个？\n\n{text}", "{text}\n\n说一说{field}是什么。"),
        long_answers=("这里的{field}是{answer}。",),
    ),
)
