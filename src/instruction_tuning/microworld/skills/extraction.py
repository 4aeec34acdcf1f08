"""Extraction: a field's value out of a short text about a person or an order."""

import random
import re

from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.world import World

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


def _text_pattern(template: str) -> re.Pattern[str]:
    pattern, seen = "", set()
    for part in re.split(r"(\{\w+\})", template):
        slot = part[1:-1]
        if not part.startswith("{"):
            pattern += re.escape(part)
        elif slot in seen:
            pattern += f"(?P={slot})"
        else:
            pattern += f"(?P<{slot}>{_PATTERNS[slot]})"
            seen.add(slot)
    return re.compile(pattern)


_TEXTS = tuple(_text_pattern(template) for template in (*_PERSON, *_ORDER))


def _solve(world: World, slots: Slots) -> dict[str, str]:
    for pattern in _TEXTS:
        if found := pattern.fullmatch(slots["text"]):
            return {"answer": found.groupdict()[slots["field"]]}
    raise ValueError("the text is not one of this world")


EXTRACTION = (
    Skill(
        name="extract",
        ability="extraction",
        language="en",
        answer_kind="span",
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
)
