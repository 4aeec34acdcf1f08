"""Which operation a request asks the teacher for, by the marker lines of the project's own prompts."""

import re

from instruction_tuning.microworld.marker_lines import marked, read_marked

_FORMS = {
    "rate": marked("[Instruction] instruction [Response] response [End]"),
    "tag": marked("[Request] instruction [End of request]"),
    "evolve": marked("[Method] method [Request to change] instruction [End of request]"),
    "translate": marked("[Into] language [Text] text [End of text]"),
    "criticise": marked("[Request] instruction [Answer] response [End of answer]"),
    "difficulty": marked("[Request to judge] instruction [End of request]"),
}
_TURN = re.compile(r"\n\n(?=(?:User|Assistant|System): )")


def read_request(text: str) -> tuple[str, dict[str, str]] | None:
    """The operation and what it is about, or None where the text holds no prompt's marker lines."""
    return read_marked(_FORMS, text)


def questions_of(instruction: str) -> tuple[str, ...]:
    """The user's questions in a transcript; an instruction that is none is one question."""
    turns = _TURN.split(instruction)
    asked = tuple(turn.removeprefix("User: ") for turn in turns if turn.startswith("User: "))
    return asked if len(turns) > 1 and asked else (instruction,)
