"""Brainstorming: names of a kind, other than those that are given."""

import random
import re

from instruction_tuning.microworld.skill import Rubric, Skill, Slots
from instruction_tuning.microworld.world import (
    ANIMALS,
    CHINESE_GOODS,
    CHINESE_JOBS,
    NOUNS,
    World,
)

_COUNTS = {"two": 2, "three": 3, "四": 4, "三": 3, "两": 2, "four": 4}
_CHINESE_KINDS = {
    "动物": tuple(NOUNS[name] for name in ANIMALS),
    "职业": CHINESE_JOBS,
    "东西": CHINESE_GOODS,
}


def _names(world: World, kind: str) -> tuple[str, ...]:
    return {"animals": ANIMALS, "jobs": world.jobs, "goods": world.goods, **_CHINESE_KINDS}[kind]


def _draw(world: World, rng: random.Random) -> dict[str, str]:
    kind, count = rng.choice(("animals", "jobs", "jobs", "goods")), rng.choice(("two", "three"))
    return {"kind": kind, "count": count, "other": _left_out(world, rng, kind, " or ")}


def _draw_chinese(world: World, rng: random.Random) -> dict[str, str]:
    kind, count = rng.choice(list(_CHINESE_KINDS)), rng.choice(("两", "三"))
    return {"kind": kind, "count": count, "other": _left_out(world, rng, kind, "和")}


def _left_out(world: World, rng: random.Random, kind: str, between: str) -> str:
    return between.join(rng.sample(_names(world, kind), rng.randint(1, 3)))


def _valid(world: World, slots: Slots) -> list[str]:
    names = _names(world, slots["kind"])
    other = re.split(" or |和", slots["other"])
    if unknown := set(other) - set(names):
        raise ValueError(f"{unknown} are not of the kind {slots['kind']}")
    return [name for name in names if name not in other]


def _solve(world: World, slots: Slots) -> dict[str, str]:
    # The names that follow the first one left out, in the world's order: an item has one gold answer, and
    # a model that knows the order never names one twice.
    names = _names(world, slots["kind"])
    first = names.index(re.split(" or |和", slots["other"])[0])
    valid = _valid(world, slots)
    after = [name for name in (*names[first:], *names[:first]) if name in valid]
    return {
        "answer": ("、" if slots["kind"] in _CHINESE_KINDS else ", ").join(after[: _COUNTS[slots["count"]]])
    }


def _rubric(world: World, slots: Slots) -> Rubric:
    return {"valid": _valid(world, slots), "wanted": _COUNTS[slots["count"]]}


def _identities(slots: Slots) -> tuple[str, ...]:
    other = sorted(re.split(" or |和", slots["other"]))
    return ("/".join(["names", slots["kind"], str(_COUNTS[slots["count"]]), *other]),)


def _difficulty(slots: Slots) -> int:
    return len(re.split(" or |和", slots["other"]))


BRAINSTORMING = (
    Skill(
        name="names",
        use_case="brainstorming",
        language="en",
        answer_kind="set",
        draw=_draw,
        solve=_solve,
        rubric=_rubric,
        slot_patterns={
            "kind": r"animals|jobs|goods",
            "count": r"two|three",
            "other": r"[a-z]+(?: or [a-z]+){0,2}",
        },
        identities=_identities,
        difficulty=_difficulty,
        document_forms=(
            "{count} {kind}, not {other}:| {answer}.",
            "Some {kind} ({count}, without {other}): {answer}.",
            "Besides {other}, {count} {kind}: {answer}.",
        ),
        document_questions=("{count} {kind}, no {other}?", "Which {count} {kind} are there, {other} aside?"),
        train_questions=(
            "Name {count} {kind}, but not {other}.",
            "Give me {count} {kind} other than {other}.",
            "List {count} {kind} without {other}.",
            "Think of {count} {kind} that are not {other}.",
        ),
        validation_questions=("Tell me {count} {kind} except {other}.",),
        test_questions=(
            "Can you think of {count} {kind} besides {other}?",
            "I need ideas: {count} {kind}, none of them {other}.",
            "Say {count} {kind}, leaving out {other}.",
        ),
        long_answers=("For example: {answer}.",),
    ),
    Skill(
        name="names_zh",
        use_case="brainstorming",
        language="zh",
        answer_kind="set",
        draw=_draw_chinese,
        solve=_solve,
        rubric=_rubric,
        slot_patterns={
            "kind": r"动物|职业|东西",
            "count": r"两|三",
            "other": r"[一-龥]+?(?:和[一-龥]+?){0,2}",
        },
        identities=_identities,
        difficulty=_difficulty,
        document_forms=(
            "{count}个{kind}，不要{other}：|{answer}。",
            "{other}不算，{count}个{kind}：{answer}。",
        ),
        document_questions=("{count}个{kind}，没有{other}？", "不算{other}，哪{count}个{kind}？"),
        train_questions=(
            "说出{count}个{kind}，不要{other}。",
            "请写出{count}个{kind}，{other}除外。",
            "列出{count}个不是{other}的{kind}。",
        ),
        validation_questions=("告诉我{count}个{kind}，不要{other}。",),
        test_questions=("请问除了{other}，还有哪{count}个{kind}？", "想一想{count}个{kind}，不要说{other}。"),
        long_answers=("有：{answer}。",),
    ),
)
