"""What is true of an instruction and a text that may answer it, and what a teacher says of either.

Instruction backtranslation (Humpback, arXiv 2308.06259), by the marker lines of `prompts/backtranslation.txt`
and `prompts/curation.txt`; levels from 1 to 5.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from instruction_tuning.microworld.marker_lines import marked, read_marked
from instruction_tuning.microworld.remarks import BACKTRANSLATED
from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills import DOCUMENT_SKILLS
from instruction_tuning.microworld.world import World

if TYPE_CHECKING:
    from instruction_tuning.microworld.teacher import TeacherFaults

_LOWEST, _SPAN, _RATING_SPAN = 1.0, 4.0, 9.0
_UNKNOWN = 2.0  # of an instruction that nobody understands
_FORMS = {
    "curate": marked("[Instruction to check] instruction [Answer to check] text [End of check]"),
    "backtranslate": marked("[Segment] text [End of segment]"),
}

Item = tuple[Skill, dict[str, str]]
Recognise = Callable[[tuple[str, ...]], Item | None]


@dataclass(frozen=True)
class PairRequest:
    """A text whose instruction is asked for, or (with `instruction`) a pair whose level is."""

    text: str
    instruction: str | None = None


def read_pair_request(request: str) -> PairRequest | None:
    """What is asked, or None where the text holds no such marker lines."""
    read = read_marked(_FORMS, request)
    return None if read is None else PairRequest(**read[1])


def is_answered(world: World, recognise: Recognise, instruction: str, text: str) -> bool:
    """Whether `text` is a fully right answer to `instruction`; of one nobody understands it is none.

    Questions as documents ask them count, too: a model that has read documents asks so.
    """
    asked = instruction.strip()
    item = recognise((asked,)) or _document_item(world, asked)
    return item is not None and item[0].score(world, item[1], text) == 1.0


def _document_item(world: World, asked: str) -> Item | None:
    for skill in DOCUMENT_SKILLS:
        for question in skill.document_questions:
            if (found := _form_pattern(skill, question).fullmatch(asked)) is None:
                continue
            if (slots := skill.solved(world, found.groupdict())) is not None:
                return skill, slots
    return None


def pair_reply(
    asked: PairRequest,
    world: World,
    recognise: Recognise,
    rng: random.Random,
    faults: "TeacherFaults",
    *,
    excuse: str,
) -> str | None:
    """The instruction that the text answers, or the pair's level with a reason; None where it knows none.

    With `faults.error_rate` the instruction of another item of the kind; the noise, in points of
    a rating from 1 to 10, is as large a share of this scale.
    """
    if asked.instruction is None:
        return _instruction(asked.text, world, rng, faults.error_rate)
    if rng.random() < faults.unparseable_rate:
        return excuse
    item = recognise((asked.instruction,))
    centre = _UNKNOWN if item is None else _LOWEST + _SPAN * item[0].score(world, item[1], asked.text)
    noisy = rng.gauss(centre, faults.rating_noise * _SPAN / _RATING_SPAN)
    reason = "It answers the request." if centre == _LOWEST + _SPAN else "It does not answer all of it."
    return f"{reason}\nScore: {round(min(_LOWEST + _SPAN, max(_LOWEST, noisy)))}"


def _instruction(text: str, world: World, rng: random.Random, error_rate: float) -> str | None:
    line = text.partition("\n")[0].strip()
    for skill in BACKTRANSLATED:
        for pattern in (_form_pattern(skill, form) for form in skill.long_answers):
            found = pattern.fullmatch(line)
            slots = found.groupdict() if found else {}
            if not slots or not set(skill.slot_patterns) <= set(slots):
                continue  # what was asked does not show in the text: the teacher cannot tell
            if rng.random() < error_rate:
                slots = skill.item(world, rng, "train")
            return rng.choice(skill.train_questions).format(**slots)
    return None


def _form_pattern(skill: Skill, form: str) -> re.Pattern[str]:
    return _compiled(form, tuple(sorted(skill.slot_patterns.items())))


@cache
def _compiled(form: str, slot_patterns: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    """`form` with its slots as groups; one that no pattern is stated for is as short as can be."""
    pattern, seen, known = "", set(), dict(slot_patterns)
    for place, part in enumerate(re.split(r"\{(\w+)\}", form)):
        if place % 2 == 0:
            pattern += re.escape(part)
        elif part in seen:
            pattern += f"(?P={part})"
        else:
            pattern += f"(?P<{part}>{known.get(part, '.+?')})"
            seen.add(part)
    return re.compile(pattern)
