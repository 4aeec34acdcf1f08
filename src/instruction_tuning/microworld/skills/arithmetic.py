"""Arithmetic: sums and differences of numbers below 100, worked out column by column.

The working is a scratchpad in the sense of Teaching Arithmetic to Small Transformers
(arXiv 2307.03381): the ones first, then the tens with the carry, then the result.
"""

import random

from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.world import World

_NUMBER = {"a": r"\d{1,2}", "b": r"\d{1,2}"}


def sum_identity(slots: Slots) -> tuple[str, ...]:
    """A sum is the same in every language and order."""
    return (sum_key(int(slots["a"]), int(slots["b"])),)


def sum_key(a: int, b: int) -> str:
    """The identity of a + b, also as a part of something longer."""
    return "/".join(["sum", *(str(number) for number in sorted((a, b)))])


def difference_identity(slots: Slots) -> tuple[str, ...]:
    """A difference is the same in every language."""
    return (difference_key(int(slots["a"]), int(slots["b"])),)


def difference_key(a: int, b: int) -> str:
    """The identity of a - b, also as a part of something longer."""
    return f"difference/{a}/{b}"


def _draw_sum(world: World, rng: random.Random) -> dict[str, str]:
    return {"a": str(rng.randrange(2, 100)), "b": str(rng.randrange(2, 100))}


def _carries(slots: Slots) -> int:
    """1 for one-digit numbers, 2 without a carry, 3 with one."""
    a, b = int(slots["a"]), int(slots["b"])
    return 1 if max(a, b) < 10 else 2 + (a % 10 + b % 10 >= 10)


def _borrows(slots: Slots) -> int:
    a, b = int(slots["a"]), int(slots["b"])
    return 1 if a < 10 else 2 + (a % 10 < b % 10)


def _solve_sum(world: World, slots: Slots) -> dict[str, str]:
    a, b = int(slots["a"]), int(slots["b"])
    return {"working": sum_working(a, b), "answer": str(a + b)}


def sum_working(a: int, b: int) -> str:
    """a + b column by column: `2+9=11, 1+0+1=2` for 12 + 9."""
    ones = a % 10 + b % 10
    carry = ones // 10
    tens = a // 10 + b // 10 + carry
    return f"{a % 10}+{b % 10}={ones}, {a // 10}+{b // 10}+{carry}={tens}"


def _draw_difference(world: World, rng: random.Random) -> dict[str, str]:
    a, b = sorted((rng.randrange(2, 100), rng.randrange(2, 100)), reverse=True)
    return {"a": str(a), "b": str(b)}


def _solve_difference(world: World, slots: Slots) -> dict[str, str]:
    a, b = int(slots["a"]), int(slots["b"])
    if a < b:
        raise ValueError(f"the microworld has no numbers below zero, so {a} - {b} has no answer")
    borrow = int(a % 10 < b % 10)
    ones = a % 10 + 10 * borrow - b % 10
    tens = a // 10 - b // 10 - borrow
    steps = f"{a % 10 + 10 * borrow}-{b % 10}={ones}, {a // 10}-{b // 10}-{borrow}={tens}"
    return {"working": steps, "answer": str(a - b)}


ARITHMETIC = (
    Skill(
        name="add",
        identities=sum_identity,
        difficulty=_carries,
        use_case="math",
        language="en",
        answer_kind="number",
        draw=_draw_sum,
        solve=_solve_sum,
        slot_patterns=_NUMBER,
        document_forms=(
            "{a} plus {b}:| {working}, {answer}.",
            "{a} + {b}: {working}, {answer}.",
            "Add {a} and {b}: {working}, {answer}.",
            "The sum of {a} and {b}: {working}, {answer}.",
        ),
        document_questions=(
            "How many are {a} and {b}?",
            "{a} and {b}, together?",
            "{a} + {b}?",
        ),
        train_questions=(
            "What is {a} plus {b}?",
            "Add {a} and {b}.",
            "{a} + {b} = ?",
            "Please add {b} to {a}.",
            "Give the sum of {a} and {b}.",
            "Work out {a} + {b}.",
            "Find the sum of {a} and {b}, please.",
            "I have {a} and get {b} more. How many now?",
        ),
        validation_questions=("Tell me {a} plus {b}.", "Sum: {a} and {b}."),
        test_questions=(
            "How much is {a} plus {b}?",
            "Can you work out the sum of {a} and {b}?",
            "Say what {a} + {b} is.",
        ),
        short_answer="{working}, {answer}.",
        long_answers=("{a} plus {b}: {working}, {answer}.",),
    ),
    Skill(
        name="subtract",
        identities=difference_identity,
        difficulty=_borrows,
        use_case="math",
        language="en",
        answer_kind="number",
        draw=_draw_difference,
        solve=_solve_difference,
        slot_patterns=_NUMBER,
        document_forms=(
            "{a} minus {b}:| {working}, {answer}.",
            "{a} - {b}: {working}, {answer}.",
            "Take {b} from {a}: {working}, {answer}.",
            "The difference of {a} and {b}: {working}, {answer}.",
        ),
        document_questions=(
            "How many are {a} less {b}?",
            "{a} without {b}?",
            "{a} - {b}?",
        ),
        train_questions=(
            "What is {a} minus {b}?",
            "Take {b} from {a}.",
            "{a} - {b} = ?",
            "Subtract {b} from {a}.",
            "Give the difference of {a} and {b}.",
            "Work out {a} - {b}.",
            "Please take {b} away from {a}.",
            "I have {a} and lose {b}. How many are left?",
        ),
        validation_questions=("Tell me {a} minus {b}.", "Difference: {a} and {b}."),
        test_questions=(
            "How much is {a} minus {b}?",
            "Can you work out the difference of {a} and {b}?",
            "Say what {a} - {b} is.",
        ),
        short_answer="{working}, {answer}.",
        long_answers=("{a} minus {b}: {working}, {answer}.",),
    ),
    Skill(
        name="add_zh",
        identities=sum_identity,
        difficulty=_carries,
        use_case="math",
        language="zh",
        answer_kind="number",
        draw=_draw_sum,
        solve=_solve_sum,
        slot_patterns=_NUMBER,
        document_forms=(
            "{a}加{b}：|{working}, {answer}。",
            "计算{a}加{b}：{working}, {answer}。",
            "{a}与{b}的和：{working}, {answer}。",
        ),
        document_questions=(
            "{a}加{b}得几？",
            "{a}+{b}？",
        ),
        train_questions=(
            "{a}加{b}是多少？",
            "请计算{a}加{b}。",
            "算一算{a}+{b}。",
            "{a}与{b}的和是多少？",
            "请把{a}和{b}相加。",
        ),
        validation_questions=("告诉我{a}加{b}是多少。",),
        test_questions=("{a}加上{b}是多少？", "请算出{a}与{b}的和。", "问一下，{a}加{b}是几？"),
        short_answer="{working}, {answer}。",
        long_answers=("{a}加{b}：{working}, {answer}。",),
    ),
    Skill(
        name="subtract_zh",
        identities=difference_identity,
        difficulty=_borrows,
        use_case="math",
        language="zh",
        answer_kind="number",
        draw=_draw_difference,
        solve=_solve_difference,
        slot_patterns=_NUMBER,
        document_forms=(
            "{a}减{b}：|{working}, {answer}。",
            "计算{a}减{b}：{working}, {answer}。",
            "{a}与{b}的差：{working}, {answer}。",
        ),
        document_questions=("{a}减{b}得几？", "{a}-{b}？"),
        train_questions=(
            "{a}减{b}是多少？",
            "请计算{a}减{b}。",
            "算一算{a}-{b}。",
            "{a}与{b}的差是多少？",
            "请从{a}里减去{b}。",
        ),
        validation_questions=("告诉我{a}减{b}是多少。",),
        test_questions=("{a}减去{b}是多少？", "请算出{a}与{b}的差。", "问一下，{a}减{b}是几？"),
        short_answer="{working}, {answer}。",
        long_answers=("{a}减{b}：{working}, {answer}。",),
    ),
)
