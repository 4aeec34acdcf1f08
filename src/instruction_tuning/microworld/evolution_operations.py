"""More operations of evolution that the teacher knows, with faults of their own, and what it says of them.

Evol-Instruct (WizardLM, arXiv 2304.12244) and WizardCoder (2306.08568), by the lines of
`prompts/evolving_operations.txt` and `prompts/evolving_code_operations.txt`, `name: what it does`; what comes
out is an item of the world, as in evolution.py. Two requests are compared by `prompts/evolution_check.txt`.
"""

import random
from collections.abc import Callable

from instruction_tuning.microworld.evolution import Evolved, evolved, is_train_item
from instruction_tuning.microworld.marker_lines import marked, read_marked
from instruction_tuning.microworld.mistakes import mistaken
from instruction_tuning.microworld.request_forms import questions_of
from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.world import World

# What each comes to here; `input` and `misdirect` are done below, the others by evolution.py.
_COMES_TO = {
    "add_constraint": "concretise",
    "deepen": "deepen",
    "concretise": "concretise",
    "reasoning": "deepen",
    "complicate_input": "input",
    "breadth": "breadth",
    "add_requirement": "concretise",
    "rarer_requirement": "breadth",
    "misdirect": "misdirect",
    "complexity": "concretise",
}
_ATTEMPTS = {"en": "\n\nOne attempt, which may be wrong:\n", "zh": "\n\n有人这样写，可能不对：\n"}
_TRIES = 60
# More than a step of a ladder has: marks of another prompt, only other marks, material that is missing,
# declined, another language.
FAULTY_EVOLUTIONS = (
    "{text}",
    "New request, by the method: {text}",
    "#Rewritten Prompt#: {text}",
    "{text}!!",
    "{text} Answer as the wind would.",
    "{text} Use the attached file.",
    "I'm sorry, but I cannot help with that.",
    "{other}",
)
_OTHER_LANGUAGE = {"en": "请写一句关于风的话。", "zh": "Write a line about the wind."}
_FORMS = {"compare": marked("[First request] first [Second request] second [End of requests]")}

Recognise = Callable[[tuple[str, ...]], Evolved | None]


def operation_of(method: str) -> str | None:
    """The name of the operation on a line `name: what it does`, or null."""
    name, colon, _ = method.partition(":")
    return name if colon and name in _COMES_TO else None


def evolution_reply(
    world: World, rng: random.Random, operation: str, item: Evolved, question: str, *, failure_rate: float
) -> str:
    """The question as `operation` changes it; as it was where the world has nothing of the kind."""
    skill, slots = item
    if rng.random() < failure_rate:
        return rng.choice(FAULTY_EVOLUTIONS).format(text=question, other=_OTHER_LANGUAGE[skill.language])
    comes_to = _COMES_TO[operation]
    if comes_to == "misdirect":
        if without_attempt(question) != question:
            return question
        return f"{question}{_ATTEMPTS[skill.language]}{mistaken(world, rng, skill, slots)['answer']}"
    found = (
        _with_input(world, rng, skill) if comes_to == "input" else evolved(world, rng, comes_to, skill, slots)
    )
    if found is None:
        return question
    return rng.choice(found[0].train_questions).format(**found[1])


def without_attempt(question: str) -> str:
    """The question without the wrong code that a misdirection puts below it."""
    for mark in _ATTEMPTS.values():
        question = question.partition(mark)[0]
    return question


def read_pair(text: str) -> tuple[str, str] | None:
    """The two requests that are to be compared, or null where the text holds no such marker lines."""
    read = read_marked(_FORMS, text)
    return None if read is None else (read[1]["first"], read[1]["second"])


def pair_reply(
    pair: tuple[str, str],
    recognise: Recognise,
    rng: random.Random,
    *,
    error_rate: float,
    unparseable_rate: float,
    excuse: str,
) -> str:
    """Whether they are one item, and whether the second is one at all; each wrong with `error_rate`."""
    if rng.random() < unparseable_rate:
        return excuse
    first, second = (recognise(questions_of(text)) for text in pair)
    is_equal = first is not None and second is not None and _same(first, second, pair)
    said = [is_equal != (rng.random() < error_rate), (second is not None) != (rng.random() < error_rate)]
    equal, answerable = ("yes" if yes else "no" for yes in said)
    return f"Equal: {equal}\nAnswerable: {answerable}"


def _same(first: Evolved, second: Evolved, pair: tuple[str, str]) -> bool:
    (skill, slots), (other, others) = first, second
    shows_attempt = [without_attempt(text) != text for text in pair]
    return skill is other and skill.key(slots) == other.key(others) and shows_attempt[0] == shows_attempt[1]


def _with_input(world: World, rng: random.Random, skill: Skill) -> Evolved | None:
    """An item of another skill of the language that works on a text of its own."""
    others = [other for other in SKILLS if other.language == skill.language and other.input_slot is not None]
    for _ in range(_TRIES):
        other = rng.choice(others)
        slots: Slots = other.item(world, rng, "train")
        if is_train_item(other, slots):
            return other, dict(slots)
    return None
