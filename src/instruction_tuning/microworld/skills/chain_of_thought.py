"""Chain of thought: stories in several steps, lookups that lead to lookups, work on the result of work.

Every step is written out before the answer. `difficulty` is the number of steps, 1 to 4.
"""

import random
import re
import string
from collections.abc import Callable

from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.skills.arithmetic import difference_key, sum_key
from instruction_tuning.microworld.world import CHINESE_GOODS, CHINESE_PEOPLE, World

_OPERATIONS: dict[str, tuple[str, Callable[[str], str]]] = {
    "reverse": ("倒序", lambda code: code[::-1]),
    "drop the first": ("去首", lambda code: code[1:]),
    "drop the last": ("去尾", lambda code: code[:-1]),
    "swap the ends": ("换首尾", lambda code: code[-1] + code[1:-1] + code[0]),
}
_CHINESE_OPERATIONS = {chinese: name for name, (chinese, _) in _OPERATIONS.items()}
_EVENT = re.compile(r"(gets|loses|得到|失去)(?: )?(\d)")


def _draw_story(world: World, rng: random.Random) -> dict[str, str]:
    start, events = _events(rng)
    name, goods = rng.choice(world.people), rng.choice(world.goods)
    told = ", ".join(f"{'gets' if step > 0 else 'loses'} {abs(step)}" for step in events)
    return {"text": f"{name} has {start} {goods}, {told}.", "goods": goods}


def _draw_chinese_story(world: World, rng: random.Random) -> dict[str, str]:
    start, events = _events(rng)
    name, goods = rng.choice(CHINESE_PEOPLE), rng.choice(CHINESE_GOODS)
    told = "，".join(f"{'得到' if step > 0 else '失去'}{abs(step)}" for step in events)
    return {"text": f"{name}有{start}个{goods}，{told}。", "goods": goods}


def _events(rng: random.Random) -> tuple[int, list[int]]:
    return rng.randint(30, 89), [rng.choice((-1, 1)) * rng.randint(2, 9) for _ in range(rng.randint(1, 3))]


def _steps(text: str) -> tuple[int, list[int]]:
    found = re.search(r"\d{2}", text)
    if found is None:
        raise ValueError("the story does not say how many there were")
    steps = [
        int(number) if verb in ("gets", "得到") else -int(number) for verb, number in _EVENT.findall(text)
    ]
    return int(found[0]), steps


def _solve_story(world: World, slots: Slots) -> dict[str, str]:
    total, steps = _steps(slots["text"])
    written = []
    for step in steps:
        written.append(f"{total}{step:+d}={total + step}")
        total += step
    return {"working": ", ".join(written), "answer": str(total)}


def _story_identities(slots: Slots) -> tuple[str, ...]:
    total, steps = _steps(slots["text"])
    own = f"story/{total}{''.join(f'{step:+d}' for step in steps)}"
    parts = []
    for step in steps:
        parts.append(sum_key(total, step) if step > 0 else difference_key(total, -step))
        total += step
    return (own, *parts)


def _draw_chain(world: World, rng: random.Random) -> dict[str, str]:
    code, names = _code_and_operations(rng)
    return {"code": code, "steps": ", ".join(names)}


def _draw_chinese_chain(world: World, rng: random.Random) -> dict[str, str]:
    code, names = _code_and_operations(rng)
    return {"code": code, "steps": "，".join(_OPERATIONS[name][0] for name in names)}


def _code_and_operations(rng: random.Random) -> tuple[str, list[str]]:
    names = [rng.choice(list(_OPERATIONS)) for _ in range(rng.choice((1, 2, 2, 3, 4)))]
    # Two letters are left at least, so that every step has something to do.
    shortest = 2 + sum(name.startswith("drop") for name in names)
    length = max(shortest, rng.randint(3, 5))
    return "".join(rng.sample(string.ascii_uppercase, length)), names


def _operations(steps: str) -> list[str]:
    names = [_CHINESE_OPERATIONS.get(name, name) for name in re.split(", |，", steps)]
    if unknown := [name for name in names if name not in _OPERATIONS]:
        raise ValueError(f"no such step: {unknown}")
    return names


def _solve_chain(world: World, slots: Slots) -> dict[str, str]:
    state = slots["code"]
    states = []
    for name in _operations(slots["steps"]):
        state = _OPERATIONS[name][1](state)
        states.append(state)
    return {"working": "".join(f"{before} -> " for before in states[:-1]), "answer": states[-1]}


def _chain_identities(slots: Slots) -> tuple[str, ...]:
    names = _operations(slots["steps"])
    # One reversal is what the skill `reverse` asks for.
    own = f"chain/{slots['code']}/{','.join(names)}"
    return (own, f"reverse/{slots['code']}") if names == ["reverse"] else (own,)


def _chain_difficulty(slots: Slots) -> int:
    return len(_operations(slots["steps"]))


CHAINS = (
    Skill(
        name="story",
        use_case="cot",
        language="en",
        answer_kind="number",
        draw=_draw_story,
        solve=_solve_story,
        slot_patterns={"text": r"[A-Za-z0-9 ,]+\.", "goods": r"[a-z]+"},
        input_slot="text",
        identities=_story_identities,
        difficulty=lambda slots: len(_steps(slots["text"])[1]),
        document_forms=(
            "{text} The {goods} now:| {working}, {answer}.",
            "{text} That makes: {working}, {answer} {goods}.",
            "{text} Step by step: {working}, {answer}.",
        ),
        document_questions=("{text} Which number of {goods}?", "{text} And the {goods} in the end?"),
        train_questions=(
            "How many {goods} are there now?\n\n{text}",
            "Think step by step: how many {goods}?\n\n{text}",
            "{text}\n\nHow many {goods} is that in the end?",
            "{text}\n\nCount the {goods} step by step.",
        ),
        validation_questions=("Tell me how many {goods} there are in the end.\n\n{text}",),
        test_questions=(
            "Can you work out how many {goods} there are now?\n\n{text}",
            "{text}\n\nStep by step, what is the number of {goods}?",
            "Say how many {goods} are left.\n\n{text}",
        ),
        short_answer="{working}, {answer}.",
        long_answers=("Step by step: {working}, {answer}.",),
    ),
    Skill(
        name="story_zh",
        use_case="cot",
        language="zh",
        answer_kind="number",
        draw=_draw_chinese_story,
        solve=_solve_story,
        slot_patterns={"text": r"[一-龥0-9，]+。", "goods": r"[一-龥]"},
        input_slot="text",
        identities=_story_identities,
        difficulty=lambda slots: len(_steps(slots["text"])[1]),
        document_forms=(
            "{text}{goods}的数：|{working}, {answer}。",
            "{text}一步一步：{working}, {answer}。",
            "{text}得{working}, {answer}个{goods}。",
        ),
        document_questions=("{text}{goods}有几个？", "{text}得几个{goods}？"),
        train_questions=(
            "现在有多少个{goods}？\n\n{text}",
            "{text}\n\n一步一步算，有多少个{goods}？",
            "算一算{goods}的数。\n\n{text}",
        ),
        validation_questions=("告诉我有多少个{goods}。\n\n{text}",),
        test_questions=("请算出有多少个{goods}。\n\n{text}", "{text}\n\n问一下，{goods}是几个？"),
        short_answer="{working}, {answer}。",
        long_answers=("一步一步：{working}, {answer}。",),
    ),
    Skill(
        name="chain",
        use_case="cot",
        language="en",
        draw=_draw_chain,
        solve=_solve_chain,
        slot_patterns={"code": r"[A-Z]{2,6}", "steps": r"[a-z]+(?:[a-z ]|, )*?"},
        identities=_chain_identities,
        difficulty=_chain_difficulty,
        document_forms=(
            "{code}: {steps}:| {working}{answer}.",
            "Steps for {code}, {steps}: {working}{answer}.",
            "From {code} by {steps} one gets: {working}{answer}.",
        ),
        document_questions=("{code}: {steps}?", "What is {code} after {steps}?"),
        train_questions=(
            "Take {code}: {steps}.",
            "Start from {code} and do this: {steps}.",
            "What does {code} become? {steps}.",
            "Do these steps with {code}: {steps}.",
        ),
        validation_questions=("Tell me what becomes of {code}: {steps}.",),
        test_questions=(
            "Can you do these steps with {code}: {steps}?",
            "Given {code}, {steps}. What is left?",
            "Say what {code} is after these steps: {steps}.",
        ),
        short_answer="{working}{answer}",
        long_answers=("The steps are: {working}{answer}.",),
    ),
    Skill(
        name="chain_zh",
        use_case="cot",
        language="zh",
        draw=_draw_chinese_chain,
        solve=_solve_chain,
        slot_patterns={"code": r"[A-Z]{2,6}", "steps": r"[一-龥，]+?"},
        identities=_chain_identities,
        difficulty=_chain_difficulty,
        document_forms=("{code}，{steps}：|{working}{answer}。", "从{code}{steps}：{working}{answer}。"),
        document_questions=("{code}{steps}得什么？", "{code}：{steps}？"),
        train_questions=(
            "把{code}{steps}。",
            "请把{code}{steps}，写出每一步。",
            "{code}：{steps}，是什么？",
        ),
        validation_questions=("告诉我{code}{steps}是什么。",),
        test_questions=("请问{code}{steps}后是什么？", "说一说{code}{steps}得到什么。"),
        short_answer="{working}{answer}",
        long_answers=("一步一步：{working}{answer}。",),
    ),
)
