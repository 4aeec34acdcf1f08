"""String and list work: letters of a code, digits of a list."""

import random
import string
from collections.abc import Callable

from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.world import World

_CODE = {"code": r"[A-Z]{3,6}"}
_DIGITS = {"digits": r"\d(?: \d){2,5}"}
_USE_CASE = "code"


def _draw_code(world: World, rng: random.Random) -> dict[str, str]:
    return {"code": "".join(rng.sample(string.ascii_uppercase, rng.randint(4, 5)))}


def _draw_digits(world: World, rng: random.Random) -> dict[str, str]:
    return {"digits": " ".join(rng.choice(string.digits) for _ in range(rng.randint(4, 5)))}


def _length(slots: Slots) -> int:
    """1 for a short code or list, 2 for a long one."""
    return 1 + (len(slots.get("code") or slots["digits"].split()) > 4)


def _on_code(work: Callable[[str], str]) -> Callable[[World, Slots], dict[str, str]]:
    return lambda world, slots: {"answer": work(slots["code"])}


def _on_digits(work: Callable[[list[str]], str]) -> Callable[[World, Slots], dict[str, str]]:
    return lambda world, slots: {"answer": work(slots["digits"].split())}


STRINGS_AND_LISTS = (
    Skill(
        name="reverse",
        use_case=_USE_CASE,
        language="en",
        draw=_draw_code,
        solve=_on_code(lambda code: code[::-1]),
        slot_patterns=_CODE,
        difficulty=_length,
        document_forms=(
            "{code} backwards is| {answer}.",
            "Reverse {code}: {answer}.",
            "{code} turned around reads {answer}.",
            "From the end to the start, {code} is {answer}.",
        ),
        document_questions=(
            "How is {code} from the end?",
            "{code} backwards?",
            "The reverse of {code}?",
        ),
        train_questions=(
            "Reverse {code}.",
            "Write {code} backwards.",
            "What is {code} backwards?",
            "Turn {code} around.",
            "Please reverse the letters of {code}.",
            "Read {code} from the end to the start.",
            "Give me {code} in reverse.",
        ),
        validation_questions=("How does {code} read backwards?", "Give the reverse of {code}."),
        test_questions=(
            "Say {code} backwards.",
            "Can you reverse {code}?",
            "Write the letters of {code} from the end to the start.",
        ),
        long_answers=("{code} backwards is {answer}.",),
    ),
    Skill(
        name="last_letter",
        use_case=_USE_CASE,
        language="en",
        draw=_draw_code,
        solve=_on_code(lambda code: code[-1]),
        slot_patterns=_CODE,
        difficulty=_length,
        document_forms=(
            "The last letter of {code} is| {answer}.",
            "{code} ends in: {answer}.",
            "At the end of {code} the letter is {answer}.",
            "Last letter, {code}: {answer}.",
        ),
        document_questions=(
            "Which letter is last, {code}?",
            "The end of {code}?",
            "The last letter of {code}?",
        ),
        train_questions=(
            "What is the last letter of {code}?",
            "Give the last letter of {code}.",
            "Which letter does {code} end in?",
            "Name the letter at the end of {code}.",
            "{code}: last letter?",
            "Please write the last letter of {code}.",
        ),
        validation_questions=("Tell me the last letter of {code}.",),
        test_questions=(
            "Can you say which letter is last in {code}?",
            "State the last letter of {code}.",
            "Which letter is at the end of {code}?",
        ),
        long_answers=("The last letter of {code} is {answer}.",),
    ),
    Skill(
        name="first_letter",
        use_case=_USE_CASE,
        language="en",
        draw=_draw_code,
        solve=_on_code(lambda code: code[0]),
        slot_patterns=_CODE,
        difficulty=_length,
        document_forms=(
            "The first letter of {code} is| {answer}.",
            "{code} starts with: {answer}.",
            "At the start of {code} the letter is {answer}.",
            "First letter, {code}: {answer}.",
        ),
        document_questions=(
            "Which letter is first, {code}?",
            "The start of {code}?",
            "The first letter of {code}?",
        ),
        train_questions=(
            "What is the first letter of {code}?",
            "Give the first letter of {code}.",
            "Which letter does {code} start with?",
            "Name the letter at the start of {code}.",
            "{code}: first letter?",
            "Please write the first letter of {code}.",
        ),
        validation_questions=("Tell me the first letter of {code}.",),
        test_questions=(
            "Can you say which letter is first in {code}?",
            "State the first letter of {code}.",
            "Which letter is at the start of {code}?",
        ),
        long_answers=("The first letter of {code} is {answer}.",),
    ),
    Skill(
        name="sort",
        use_case=_USE_CASE,
        language="en",
        draw=_draw_digits,
        solve=_on_digits(lambda digits: " ".join(sorted(digits))),
        slot_patterns=_DIGITS,
        difficulty=_length,
        document_forms=(
            "{digits} in order is| {answer}.",
            "Sort {digits}: {answer}.",
            "The list {digits}, sorted: {answer}.",
            "From smallest to largest, {digits} reads {answer}.",
        ),
        document_questions=(
            "How is {digits} sorted?",
            "{digits} in order?",
            "The order of {digits}?",
        ),
        train_questions=(
            "Sort {digits}.",
            "Put {digits} in order.",
            "What is {digits} in order?",
            "Sort the list {digits}, please.",
            "Write {digits} from smallest to largest.",
            "Give me the list {digits} sorted.",
        ),
        validation_questions=("Order the digits {digits}.",),
        test_questions=(
            "Can you sort {digits}?",
            "Say {digits} from smallest to largest.",
            "How does the list {digits} read in order?",
        ),
        long_answers=("{digits} in order is {answer}.",),
    ),
    Skill(
        name="largest",
        use_case=_USE_CASE,
        language="en",
        draw=_draw_digits,
        solve=_on_digits(max),
        slot_patterns=_DIGITS,
        difficulty=_length,
        document_forms=(
            "The largest of {digits} is| {answer}.",
            "Of {digits}, largest: {answer}.",
            "In the list {digits} the largest digit is {answer}.",
            "Which of {digits} is largest? {answer}.",
        ),
        document_questions=(
            "Which is largest, {digits}?",
            "The largest digit of {digits}?",
            "{digits}, the largest one?",
        ),
        train_questions=(
            "What is the largest of {digits}?",
            "Give the largest digit in {digits}.",
            "Which of {digits} is largest?",
            "Name the largest of {digits}.",
            "Find the largest digit in the list {digits}.",
            "{digits}: largest?",
        ),
        validation_questions=("Tell me the largest of {digits}.",),
        test_questions=(
            "Can you find the largest of {digits}?",
            "State the largest digit in {digits}.",
            "In the list {digits}, which is the largest?",
        ),
        long_answers=("The largest of {digits} is {answer}.",),
    ),
    Skill(
        name="smallest",
        use_case=_USE_CASE,
        language="en",
        draw=_draw_digits,
        solve=_on_digits(min),
        slot_patterns=_DIGITS,
        difficulty=_length,
        document_forms=(
            "The smallest of {digits} is| {answer}.",
            "Of {digits}, smallest: {answer}.",
            "In the list {digits} the smallest digit is {answer}.",
            "Which of {digits} is smallest? {answer}.",
        ),
        document_questions=(
            "Which is smallest, {digits}?",
            "The smallest digit of {digits}?",
            "{digits}, the smallest one?",
        ),
        train_questions=(
            "What is the smallest of {digits}?",
            "Give the smallest digit in {digits}.",
            "Which of {digits} is smallest?",
            "Name the smallest of {digits}.",
            "Find the smallest digit in the list {digits}.",
            "{digits}: smallest?",
        ),
        validation_questions=("Tell me the smallest of {digits}.",),
        test_questions=(
            "Can you find the smallest of {digits}?",
            "State the smallest digit in {digits}.",
            "In the list {digits}, which is the smallest?",
        ),
        long_answers=("The smallest of {digits} is {answer}.",),
    ),
)
