"""What stands between the marker lines of the project's own prompts."""

import re
from collections.abc import Mapping


def marked(form: str) -> re.Pattern[str]:
    """`[Marker] name [End]`: lines of markers, and names of what stands between them.

    What is named is as many lines as can be; `name:word` is one word.
    """
    lines = (_line(part) for part in re.findall(r"\[.+?\]|\S+", form))
    return re.compile("^" + r"\n".join(lines) + "$", re.DOTALL | re.MULTILINE)


def read_marked(forms: Mapping[str, re.Pattern[str]], text: str) -> tuple[str, dict[str, str]] | None:
    """The first of `forms` that `text` has the marker lines of, and what stands between them, or None."""
    for operation, pattern in forms.items():
        if found := pattern.search(text):
            return operation, {name: value.strip() for name, value in found.groupdict().items()}
    return None


def _line(part: str) -> str:
    if part.startswith("["):
        return f"{re.escape(part)} *"
    name, _, is_word = part.partition(":")
    return f"(?P<{name}>{'[A-Za-z]+ *' if is_word else '.*'})"
