"""Wrong answers of the kinds that models give: a near miss, another item's answer, a part left out."""

import random
import re
from collections.abc import Callable

from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.world import World

_NEAR_MISS_SHARE = 0.6
_ATTEMPTS = 20


def mistaken(world: World, rng: random.Random, skill: Skill, slots: Slots) -> dict[str, str]:
    """`slots` with an `answer` (and the `working` that led there) that does not score as right."""
    for _ in range(_ATTEMPTS):
        wrong = _near_miss(rng, skill, slots) if rng.random() < _NEAR_MISS_SHARE else None
        if wrong is None:
            other = skill.item(world, rng, "train")
            wrong = {name: other[name] for name in ("working", "answer") if name in other}
        candidate = {**slots, **wrong}
        if skill.score(world, slots, skill.short_answer.format(**candidate)) < 1:
            return candidate
    return {**slots, "answer": "?"}


def _near_miss(rng: random.Random, skill: Skill, slots: Slots) -> dict[str, str] | None:
    change = _NEAR_MISSES.get(skill.answer_kind)
    answer = change(rng, slots["answer"]) if change else None
    return None if answer is None else {"answer": answer}


def _other_number(rng: random.Random, answer: str) -> str:
    return str(max(0, int(answer) + rng.choice((-10, -2, -1, 1, 2, 10))))


def _other_span(rng: random.Random, answer: str) -> str | None:
    letters = list(answer)
    if not re.fullmatch(r"[A-Z0-9 ]{2,}", answer):
        return None
    first, second = rng.sample(range(len(letters)), 2)
    letters[first], letters[second] = letters[second], letters[first]
    return "".join(letters)


def _shorter_list(rng: random.Random, answer: str) -> str | None:
    between = next((mark for mark in (", ", "、", "，") if mark in answer), None)
    if between is None:
        return None
    parts = answer.split(between)
    if rng.random() < 0.5:
        parts.pop(rng.randrange(len(parts)))
    else:
        parts[rng.randrange(1, len(parts))] = parts[0]
    return between.join(parts)


def _other_words(rng: random.Random, answer: str) -> str | None:
    words = answer.split(" ")
    if len(words) < 2:
        return None
    place = rng.randrange(len(words) - 1)
    words[place], words[place + 1] = words[place + 1], words[place]
    return " ".join(words)


def _other_program(rng: random.Random, answer: str) -> str:
    head, colon, body = answer.partition(": ")
    return head + colon + re.sub(r"\d+", lambda found: str(int(found[0]) + 1), body)


_NEAR_MISSES: dict[str, Callable[[random.Random, str], str | None]] = {
    "number": _other_number,
    "span": _other_span,
    "set": _shorter_list,
    "facts": _shorter_list,
    "words": _other_words,
    "constraints": _other_words,
    "program": _other_program,
}
