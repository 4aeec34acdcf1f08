"""Which operation a request asks the teacher for, by the marker lines of the project's own prompts."""

import re

_FORMS = {
    "rate": (r"\[Instruction\]", "instruction", r"\[Response\]", "response", r"\[End\]"),
    "tag": (r"\[Request\]", "instruction", r"\[End of request\]"),
    "evolve": (r"\[Method\]", "method", r"\[Request to change\]", "instruction", r"\[End of request\]"),
    "translate": (r"\[Into\]", "language", r"\[Text\]", "text", r"\[End of text\]"),
    "criticise": (r"\[Request\]", "instruction", r"\[Answer\]", "response", r"\[End of answer\]"),
    "difficulty": (r"\[Request to judge\]", "instruction", r"\[End of request\]"),
}
_TURN = re.compile(r"\n\n(?=(?:User|Assistant|System): )")


def _pattern(parts: tuple[str, ...]) -> re.Pattern[str]:
    markers = [f"{part} *" if part.startswith("\\") else f"(?P<{part}>.*)" for part in parts]
    return re.compile("^" + r"\n".join(markers) + "$", re.DOTALL | re.MULTILINE)


_PATTERNS = {operation: _pattern(parts) for operation, parts in _FORMS.items()}


def read_request(text: str) -> tuple[str, dict[str, str]] | None:
    """The operation and what it is about, or None where the text holds no prompt's marker lines."""
    for operation, pattern in _PATTERNS.items():
        if found := pattern.search(text):
            return operation, {name: value.strip() for name, value in found.groupdict().items()}
    return None


def questions_of(instruction: str) -> tuple[str, ...]:
    """The user's questions in a transcript; an instruction that is none is one question."""
    turns = _TURN.split(instruction)
    asked = tuple(turn.removeprefix("User: ") for turn in turns if turn.startswith("User: "))
    return asked if len(turns) > 1 and asked else (instruction,)
