"""Classification: the mood of a review, the odd name of a kind, odd and even numbers."""

import random
import re

from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.world import (
    ANIMALS,
    CHINESE_GOODS,
    CHINESE_JOBS,
    COLOURS,
    NOUNS,
    World,
)

_GOOD = ("fine", "bright", "warm", "sweet", "lovely")
_BAD = ("dull", "dark", "sour", "weak", "broken")
_CHINESE_GOOD = ("好", "亮", "暖", "甜", "美")
_CHINESE_BAD = ("坏", "暗", "冷", "酸", "丑")
_CHINESE_KINDS = {
    "动物": tuple(NOUNS[name] for name in ANIMALS),
    "职业": CHINESE_JOBS,
    "东西": CHINESE_GOODS,
}


def _draw_review(world: World, rng: random.Random) -> dict[str, str]:
    told = _told(rng, _GOOD, _BAD, plainly="", negation="not ")
    return {
        "text": f"The {rng.choice(world.goods)} from {rng.choice(world.places)} are {' and '.join(told)}."
    }


def _solve_review(world: World, slots: Slots) -> dict[str, str]:
    words = re.split(" and ", slots["text"].rstrip(".").rpartition(" are ")[2])
    return {"answer": "positive" if _is_good(words[0], "not ", _GOOD, _BAD) else "negative"}


def _draw_chinese_review(world: World, rng: random.Random) -> dict[str, str]:
    told = _told(rng, _CHINESE_GOOD, _CHINESE_BAD, plainly="很", negation="不")
    place = rng.choice(world.open_chinese_facts)[0]
    return {"text": f"{place}的{rng.choice(CHINESE_GOODS)}{'，'.join(told)}。"}


def _solve_chinese_review(world: World, slots: Slots) -> dict[str, str]:
    found = re.search("(不|很)(.)", slots["text"])
    if found is None:
        raise ValueError("the review does not say how the thing is")
    good = _is_good(found[0].removeprefix("很"), "不", _CHINESE_GOOD, _CHINESE_BAD)
    return {"answer": "好评" if good else "差评"}


def _told(
    rng: random.Random, good: tuple[str, ...], bad: tuple[str, ...], *, plainly: str, negation: str
) -> list[str]:
    """One or two words of one mood; some are told as the negation of the other mood."""
    words = rng.sample(rng.choice((good, bad)), rng.randint(1, 2))
    opposite = bad if words[0] in good else good
    return [negation + rng.choice(opposite) if rng.random() < 0.4 else plainly + word for word in words]


def _is_good(told: str, negation: str, good: tuple[str, ...], bad: tuple[str, ...]) -> bool:
    word = told.removeprefix(negation)
    if word not in (*good, *bad):
        raise ValueError(f"{word!r} is no mood of this world")
    return (word in good) != told.startswith(negation)


def _review_difficulty(slots: Slots) -> int:
    text = slots["text"]
    return 1 + (" and " in text or "，" in text) + ("not " in text or "不" in text)


def _kinds(world: World) -> dict[str, tuple[str, ...]]:
    return {"animal": ANIMALS, "colour": COLOURS, "job": world.jobs, "thing": world.goods}


def _draw_kind(world: World, rng: random.Random) -> dict[str, str]:
    return _kind_slots(_kinds(world), rng, ", ")


def _draw_chinese_kind(world: World, rng: random.Random) -> dict[str, str]:
    return _kind_slots(_CHINESE_KINDS, rng, "、")


def _kind_slots(kinds: dict[str, tuple[str, ...]], rng: random.Random, between: str) -> dict[str, str]:
    kind = rng.choice(list(kinds))
    others = [name for other, names in kinds.items() if other != kind for name in names]
    options = [rng.choice(kinds[kind]), *rng.sample(others, rng.randint(2, 3))]
    rng.shuffle(options)
    return {"kind": kind, "options": between.join(options)}


def _options(slots: Slots) -> list[str]:
    return re.split(", |、", slots["options"])


def _solve_kind(world: World, slots: Slots) -> dict[str, str]:
    kinds = {**_kinds(world), **_CHINESE_KINDS}
    fitting = [name for name in _options(slots) if name in kinds[slots["kind"]]]
    if len(fitting) != 1:
        raise ValueError(f"{len(fitting)} of the options are of the kind {slots['kind']}")
    return {"answer": fitting[0]}


def _kind_identities(slots: Slots) -> tuple[str, ...]:
    return ("/".join(["kind", slots["kind"], *sorted(_options(slots))]),)


def _kind_difficulty(slots: Slots) -> int:
    return len(_options(slots)) - 2


def _draw_number(world: World, rng: random.Random) -> dict[str, str]:
    return {"number": str(rng.randrange(10, 1000))}


def _solve_parity(world: World, slots: Slots) -> dict[str, str]:
    return {"answer": "odd" if int(slots["number"]) % 2 else "even"}


def _solve_chinese_parity(world: World, slots: Slots) -> dict[str, str]:
    return {"answer": "单数" if int(slots["number"]) % 2 else "双数"}


def _parity_identities(slots: Slots) -> tuple[str, ...]:
    return (f"parity/{slots['number']}",)


CLASSIFICATION = (
    Skill(
        name="mood",
        use_case="classification",
        language="en",
        draw=_draw_review,
        solve=_solve_review,
        slot_patterns={"text": r"The [A-Za-z ]+\."},
        input_slot="text",
        difficulty=_review_difficulty,
        document_forms=(
            "{text} The mood of this review is| {answer}.",
            "{text} Mood: {answer}.",
            "Review: {text} That sounds {answer}.",
        ),
        document_questions=("{text} Which mood?", "The mood here? {text}"),
        train_questions=(
            "Is this review positive or negative?\n\n{text}",
            "Classify the review as positive or negative.\n\n{text}",
            "{text}\n\nWhat is the mood, positive or negative?",
            "Give the mood of this review.\n\n{text}",
        ),
        validation_questions=("Tell me if this is positive or negative.\n\n{text}",),
        test_questions=(
            "Can you say if the review is positive or negative?\n\n{text}",
            "{text}\n\nState the mood of the review.",
            "Does the buyer sound positive or negative?\n\n{text}",
        ),
        long_answers=("The mood of this review is {answer}.",),
    ),
    Skill(
        name="mood_zh",
        use_case="classification",
        language="zh",
        draw=_draw_chinese_review,
        solve=_solve_chinese_review,
        slot_patterns={"text": r"[一-龥，]+。"},
        input_slot="text",
        difficulty=_review_difficulty,
        document_forms=("{text}这是|{answer}。", "{text}评价：{answer}。", "评价，{text}{answer}。"),
        document_questions=("{text}好评，差评？", "{text}什么评价？"),
        train_questions=(
            "这是好评还是差评？\n\n{text}",
            "给评价分类：好评或差评。\n\n{text}",
            "{text}\n\n这是什么评价？",
        ),
        validation_questions=("告诉我这是好评还是差评。\n\n{text}",),
        test_questions=("请问这是好评还是差评？\n\n{text}", "{text}\n\n说一说是好评还是差评。"),
        long_answers=("这是{answer}。",),
    ),
    Skill(
        name="kind",
        use_case="classification",
        language="en",
        draw=_draw_kind,
        solve=_solve_kind,
        slot_patterns={"kind": r"animal|colour|job|thing", "options": r"[a-z]+(?:, [a-z]+)+"},
        identities=_kind_identities,
        difficulty=_kind_difficulty,
        document_forms=(
            "Of {options}, the {kind} is| {answer}.",
            "{kind} among {options}: {answer}.",
            "The list {options} has one {kind}: {answer}.",
        ),
        document_questions=("{options}: one {kind}?", "The {kind}, {options}?"),
        train_questions=(
            "Which of these is of the kind {kind}: {options}?",
            "Find the {kind}: {options}",
            "{options}. Which one is the {kind}?",
            "Name the {kind} in this list: {options}.",
        ),
        validation_questions=("Tell me the {kind} in {options}.",),
        test_questions=(
            "Can you find the one {kind} in {options}?",
            "Only one is a {kind}. Which? {options}",
            "State the {kind}, out of {options}.",
        ),
        long_answers=("The {kind} is {answer}.",),
    ),
    Skill(
        name="kind_zh",
        use_case="classification",
        language="zh",
        draw=_draw_chinese_kind,
        solve=_solve_kind,
        slot_patterns={"kind": r"动物|职业|东西", "options": r"[一-龥]+(?:、[一-龥]+)+"},
        identities=_kind_identities,
        difficulty=_kind_difficulty,
        document_forms=("{options}里的{kind}是|{answer}。", "{options}，{kind}：{answer}。"),
        document_questions=("{options}，哪个{kind}？", "{kind}，{options}？"),
        train_questions=(
            "{options}中哪个是{kind}？",
            "找出{kind}：{options}。",
            "请说出{options}里的{kind}。",
        ),
        validation_questions=("告诉我{options}里的{kind}。",),
        test_questions=("请问{options}当中，{kind}是哪一个？", "只有一个是{kind}：{options}。"),
        long_answers=("{kind}是{answer}。",),
    ),
    Skill(
        name="parity",
        use_case="classification",
        language="en",
        draw=_draw_number,
        solve=_solve_parity,
        slot_patterns={"number": r"\d{1,3}"},
        identities=_parity_identities,
        document_forms=(
            "{number} is| {answer}.",
            "The number {number}: {answer}.",
            "An {answer} number is {number}.",
        ),
        document_questions=("{number}, odd, even?", "Which is {number}, odd or even?"),
        train_questions=(
            "Is {number} odd or even?",
            "Is the number {number} even or odd?",
            "Classify {number} as odd or even.",
        ),
        validation_questions=("Tell me if {number} is odd or even.",),
        test_questions=("Can you say if {number} is odd or even?", "Odd or even: {number}"),
        long_answers=("{number} is {answer}.",),
    ),
    Skill(
        name="parity_zh",
        use_case="classification",
        language="zh",
        draw=_draw_number,
        solve=_solve_chinese_parity,
        slot_patterns={"number": r"\d{1,3}"},
        identities=_parity_identities,
        document_forms=("{number}是|{answer}。", "数{number}：{answer}。"),
        document_questions=("{number}，单数，双数？", "{number}单双？"),
        train_questions=(
            "{number}是单数还是双数？",
            "给{number}分类：单数或双数。",
            "请说出{number}的单双。",
        ),
        validation_questions=("告诉我{number}是单数还是双数。",),
        test_questions=("请问{number}是单数还是双数？", "单数还是双数：{number}"),
        long_answers=("{number}是{answer}。",),
    ),
)
