"""What a request asks to be written, by the marker lines of the prompts of `synthesis`."""

import re
from dataclasses import dataclass

from instruction_tuning.microworld.marker_lines import marked, read_marked
from instruction_tuning.text.languages import language_of

_LANGUAGES = {"english": "en", "chinese": "zh"}
_FORMS = {
    "tasks": marked("[Language] language:word [Examples] text [End of examples]"),
    "kind": marked("[Task to place] text [End of task]"),
    "examples": marked("[Task to exemplify] text [End of task]"),
    "labels": marked("[Task with labels] text [End of task]"),
    "fourth": marked("[Language] language:word [Three tasks] text [End of tasks]"),
    "reword": marked("[Instruction to reword] text [End of instruction]"),
    "section": marked("[Language] language:word [Subject of the section] text [End of subject]"),
    "exercises": marked("[Section of the textbook] text [End of section]"),
}
_COUNT = re.compile(r"(?:Write|[Uu]p to|with) (\d+) (?:tasks|examples|ways|exercises)")
_FIRST = re.compile(r"numbered from (\d+)")


@dataclass(frozen=True)
class WritingRequest:
    """What is to be written: the `text` that it starts from, and how much of it."""

    operation: str
    text: str
    language: str
    count: int
    first: int


def read_writing(text: str) -> WritingRequest | None:
    """What is asked for, or None where the text holds no such marker lines."""
    if (read := read_marked(_FORMS, text)) is None:
        return None
    operation, parts = read
    named = parts.get("language")
    language = _LANGUAGES.get(named.casefold(), "en") if named else language_of(parts["text"])
    count, first = _COUNT.search(text), _FIRST.search(text)
    return WritingRequest(
        operation,
        parts["text"],
        language if language in ("en", "zh") else "en",
        int(count[1]) if count else 1,
        int(first[1]) if first else 1,
    )
