"""An answer in the other language: how it is asked for, and what the teacher says.

By the marker lines of `prompts/translating_answer.txt`. What is right stays right where the world has the
same item in the other language; what it cannot place is handed back as it stands, and so is a share of the
rest.
"""

import random
from dataclasses import dataclass

from instruction_tuning.microworld.counterparts import counterpart
from instruction_tuning.microworld.marker_lines import marked, read_marked
from instruction_tuning.microworld.mistakes import mistaken
from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.world import World

_FORMS = {
    "translate": marked(
        "[Into] language [Question] question [Answer to translate] answer [End of answer to translate]"
    )
}
_LANGUAGES = {"english": "en", "chinese": "zh"}


@dataclass(frozen=True)
class AnswerTranslation:
    """`answer` to `question`, to be put into `language` (en, zh; None for one that nobody here speaks)."""

    language: str | None
    question: str
    answer: str


def read_answer_translation(text: str) -> AnswerTranslation | None:
    """What is to be translated, or None where the text holds no such marker lines."""
    if (read := read_marked(_FORMS, text)) is None:
        return None
    parts = read[1]
    return AnswerTranslation(_LANGUAGES.get(parts["language"].casefold()), parts["question"], parts["answer"])


def translated_answer(
    asked: AnswerTranslation,
    world: World,
    item: tuple[Skill, dict[str, str]],
    rng: random.Random,
    *,
    error_rate: float,
) -> str:
    """The answer in the other language; a wrong one becomes another wrong one."""
    found = counterpart(world, *item)
    if found is None or found[0].language != asked.language:
        return asked.answer
    skill, slots = found
    if item[0].score(world, item[1], asked.answer) < 1:
        slots = mistaken(world, rng, skill, slots)
    drawn = rng.random()
    if drawn < error_rate / 2:
        return asked.answer
    if drawn < error_rate:
        slots = mistaken(world, rng, skill, slots)
    return rng.choice(skill.long_answers).format(**slots)
