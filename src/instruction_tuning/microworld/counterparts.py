"""The same instruction in the other language, where the world has one.

Places and people have different names in the two languages, and stand for different facts, so what is
about them has no counterpart. Sums, numbers, letter work, programs, words and kinds have.
"""

import re
from collections.abc import Callable, Mapping

from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.skills.programs import other_description
from instruction_tuning.microworld.world import ADJECTIVES, ANIMALS, NOUNS, VERBS, World

_STEPS = {"reverse": "倒序", "drop the first": "去首", "drop the last": "去尾", "swap the ends": "换首尾"}
_WORDS = {**ADJECTIVES, **NOUNS, **VERBS}
_BY_NAME = {skill.name: skill for skill in SKILLS}


def counterpart(world: World, skill: Skill, slots: Slots) -> tuple[Skill, dict[str, str]] | None:
    """The item of the other language that asks the same, or None."""
    name = skill.name.removesuffix("_zh")
    translate = _TRANSLATED.get(name)
    if translate is None:
        return None
    other = _BY_NAME[name if skill.language == "zh" else f"{name}_zh"]
    try:
        translated = translate(slots, skill.language == "zh")
        return other, {**translated, **other.solve(world, translated)}
    except (KeyError, ValueError, IndexError):
        return None


def _numbers(slots: Slots, into_english: bool) -> dict[str, str]:
    return {name: slots[name] for name in ("a", "b", "number") if name in slots}


def _chain(slots: Slots, into_english: bool) -> dict[str, str]:
    return {"code": slots["code"], "steps": _each(slots["steps"], _STEPS, into_english, ", ", "，")}


def _program(slots: Slots, into_english: bool) -> dict[str, str]:
    return {"task": other_description(slots["task"])}


def _sentence(slots: Slots, into_english: bool) -> dict[str, str]:
    return {"words": _each(slots["words"], _WORDS, into_english, ", ", "、")}


def _names(slots: Slots, into_english: bool) -> dict[str, str]:
    kind, counts = {"animals": "动物"}, {"two": "两", "three": "三"}
    return {
        "kind": _one(slots["kind"], kind, into_english),
        "count": _one(slots["count"], counts, into_english),
        "other": _each(slots["other"], {name: NOUNS[name] for name in ANIMALS}, into_english, " or ", "和"),
    }


def _each(text: str, words: Mapping[str, str], into_english: bool, english: str, chinese: str) -> str:
    parts = re.split(chinese if into_english else english, text)
    return (english if into_english else chinese).join(_one(part, words, into_english) for part in parts)


def _one(word: str, words: Mapping[str, str], into_english: bool) -> str:
    return {chinese: english for english, chinese in words.items()}[word] if into_english else words[word]


_TRANSLATED: dict[str, Callable[[Slots, bool], dict[str, str]]] = {
    "add": _numbers,
    "subtract": _numbers,
    "parity": _numbers,
    "chain": _chain,
    "write_code": _program,
    "sentence": _sentence,
    "names": _names,
}
