"""Commands and links of the documents, taken apart."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FENCE = re.compile(r"^(`{3,})(\w*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
_INLINE_COMMAND = re.compile(r"`((?:make|kedro run|kedro registry|python) [^`…]*)`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_ASSIGNMENT = re.compile(r"^[A-Z_]+=\S*$")


@dataclass(frozen=True)
class Command:
    """One command line of a document."""

    document: Path
    text: str

    @property
    def words(self) -> list[str]:
        """Without the variables that are set for it."""
        words = shlex.split(self.text, comments=True)
        while words and _ASSIGNMENT.match(words[0]):
            words = words[1:]
        return words

    def __str__(self) -> str:
        return f"{self.document.name}: {self.text}"


def commands_of(document: Path) -> Iterator[Command]:
    """Every line of a fenced bash block, and every inline command without an ellipsis."""
    text = document.read_text(encoding="utf-8")
    for _, language, body in _FENCE.findall(text):
        if language == "bash":
            for line in body.replace("\\\n", " ").splitlines():
                if line.strip() and not line.lstrip().startswith("#"):
                    yield Command(document, line.strip())
    for inline in _INLINE_COMMAND.findall(_FENCE.sub("", text)):
        yield Command(document, inline.strip())


def yaml_blocks_of(document: Path) -> Iterator[str]:
    """The text of each fenced yaml block."""
    for _, language, body in _FENCE.findall(document.read_text(encoding="utf-8")):
        if language == "yaml":
            yield body


def links_of(document: Path) -> Iterator[str]:
    """Targets of links and images that lie in this repository, without the part after #."""
    text = _FENCE.sub("", document.read_text(encoding="utf-8"))
    for target in _LINK.findall(text):
        if "://" not in target and not target.startswith(("#", "mailto:")):
            yield target.partition("#")[0]


def options_of(words: list[str]) -> dict[str, str]:
    """`--name=value` and `--name value` of a kedro command."""
    options: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word.startswith("--"):
            name, has_value, value = word[2:].partition("=")
            options[name] = (
                value if has_value else rest.pop(0) if rest and not rest[0].startswith("-") else ""
            )
    return options


def nested_parameters(text: str) -> dict[str, Any]:
    """`a.b=1,c=2` as `{"a": {"b": "1"}, "c": "2"}`."""
    parameters: dict[str, Any] = {}
    for item in text.split(","):
        path, sign, value = item.partition("=")
        assert sign, f"`{item}` is no key=value"
        *parents, name = path.split(".")
        section = parameters
        for parent in parents:
            section = section.setdefault(parent, {})
        section[name] = value
    return parameters
