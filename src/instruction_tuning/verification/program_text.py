"""The program in an answer: what stands in its fenced blocks. O(length)."""

import re

_FENCED = re.compile(r"^[ \t]*```[ \t]*(\w*)[^\n]*\n(.*?)(?:^[ \t]*```|\Z)", re.DOTALL | re.MULTILINE)
# "In return", "from the start" and "a class of 20" are prose.
_CODE = re.compile(
    r"```|^[ \t]*(?:async )?def \w+\(|^[ \t]*class \w+[^.\n]{0,60}[:{][ \t]*$|^[ \t]*from [\w.]+ import "
    r"|^[ \t]*import \w+(?:[ \t]*$|[.,]| as )|(?:^|[{;:)])[ \t]*return\b|\blambda\b[^:\n]{0,80}:",
    re.MULTILINE,
)
_PYTHON = {"python", "python3", "py", ""}


def program_text(answer: str) -> str | None:
    """The Python of an answer: its fenced blocks one after the other, or all of it where none is fenced.

    Null where every block is of another language. A fence that is never closed, as in an answer that was cut,
    ends with the answer.

    >>> program_text("Here it is:\\n```python\\nx = 1\\n```\\nIt sets x.")
    'x = 1\\n'
    """
    blocks = _FENCED.findall(answer)
    if not blocks:
        return answer
    named = [text for language, text in blocks if language.lower() in _PYTHON - {""}]
    chosen = named or [text for language, text in blocks if language.lower() in _PYTHON]
    return "\n".join(chosen) if chosen else None


def holds_code(text: str) -> bool:
    """Whether a text holds a program or a fenced block: its last number is then no answer."""
    return _CODE.search(text) is not None
