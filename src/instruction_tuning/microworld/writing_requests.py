"""What a request asks to be written, by the marker lines of the prompts of `synthesis`."""

import re
from dataclasses import dataclass

from instruction_tuning.text.languages import language_of

_LANGUAGES = {"english": "en", "chinese": "zh"}


def _pattern(*parts: str) -> re.Pattern[str]:
    return re.compile("^" + r"\n".join(parts) + "$", re.DOTALL | re.MULTILINE)


_FORMS = {
    "tasks": _pattern(
        r"\[Language\] *",
        r"(?P<language>[A-Za-z]+) *",
        r"\[Examples\] *",
        "(?P<text>.*)",
        r"\[End of examples\] *",
    ),
    "kind": _pattern(r"\[Task to place\] *", "(?P<text>.*)", r"\[End of task\] *"),
    "examples": _pattern(r"\[Task to exemplify\] *", "(?P<text>.*)", r"\[End of task\] *"),
    "labels": _pattern(r"\[Task with labels\] *", "(?P<text>.*)", r"\[End of task\] *"),
    "fourth": _pattern(
        r"\[Language\] *",
        r"(?P<language>[A-Za-z]+) *",
        r"\[Three tasks\] *",
        "(?P<text>.*)",
        r"\[End of tasks\] *",
    ),
    "reword": _pattern(r"\[Instruction to reword\] *", "(?P<text>.*)", r"\[End of instruction\] *"),
    "section": _pattern(
        r"\[Language\] *",
        r"(?P<language>[A-Za-z]+) *",
        r"\[Subject of the section\] *",
        "(?P<text>.*)",
        r"\[End of subject\] *",
    ),
    "exercises": _pattern(r"\[Section of the textbook\] *", "(?P<text>.*)", r"\[End of section\] *"),
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
    for operation, pattern in _FORMS.items():
        if found := pattern.search(text):
            said = found["text"].strip()
            named = found.groupdict().get("language")
            language = _LANGUAGES.get(named.casefold(), "en") if named else language_of(said)
            count, first = _COUNT.search(text), _FIRST.search(text)
            return WritingRequest(
                operation,
                said,
                language if language in ("en", "zh") else "en",
                int(count[1]) if count else 1,
                int(first[1]) if first else 1,
            )
    return None
