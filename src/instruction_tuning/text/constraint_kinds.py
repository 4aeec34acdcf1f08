"""Kinds of constraints on an answer's form and length, and whether an answer keeps one.

A Han character counts as a word, as in word counts of Chinese. O(length).
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

from pydantic import ConfigDict, TypeAdapter, ValidationError

from instruction_tuning.text.languages import HAN, KANA_AND_HANGUL, language_of

CountKind = Literal["words", "sentences", "bullets", "paragraphs"]
TextKind = Literal["contains", "forbids", "starts_with", "ends_with"]
Kind = Literal[CountKind, TextKind, "json", "language"]
Relation = Literal["exactly", "at_least", "at_most"]

_WORD = re.compile(
    rf"[{HAN}{KANA_AND_HANGUL}]|[^\W_{HAN}{KANA_AND_HANGUL}]+(?:['’.-][^\W_{HAN}{KANA_AND_HANGUL}]+)*"
)
_ABBREVIATED = r"(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\bSt)(?<!\be\.g)(?<!\bi\.e)"
_SENTENCE = re.compile(
    rf"[^.!?。！？\s][^!?。！？]*?(?:{_ABBREVIATED}\.(?=\s|$)|[!?](?=\s|$)|[。！？]|$)",
    re.DOTALL,
)
_BULLET = re.compile(r"^[ \t]*(?:[-*•]|\d+[.)、])[ \t]*\S", re.MULTILINE)


@dataclass(frozen=True)
class Constraint:
    """`value` is a number with its `relation` for counts, a text otherwise (empty for json)."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: Kind
    value: int | str = ""
    relation: Relation = "exactly"

    def __post_init__(self) -> None:
        if isinstance(self.value, int) is not (self.kind in get_args(CountKind)):
            raise ValueError(
                f"{self.kind} does not go with {self.value!r}: counts have a number, others a text"
            )

    def __str__(self) -> str:
        if isinstance(self.value, int):
            return f"{self.relation.replace('_', ' ')} {self.value} {self.kind}"
        return f"{self.kind.replace('_', ' ')} {self.value}".strip()


_LIST = TypeAdapter(tuple[Constraint, ...])


def read_constraints(given: object) -> tuple[Constraint, ...]:
    """The constraints in a list of objects, or in that list as JSON. Raises `ValueError` for anything else.

    A null counts as left out, as tables with a column for each key have it; a blank text is no constraint.

    >>> read_constraints('[{"kind": "words", "value": 20, "relation": "at_most"}]')
    (Constraint(kind='words', value=20, relation='at_most'),)
    """
    listed = json.loads(given or "[]") if isinstance(given, str) else given
    if not isinstance(listed, Iterable) or isinstance(listed, str | Mapping):
        raise ValueError(f"{type(listed).__name__} is no list")
    rows = list(listed)
    if not all(isinstance(row, Mapping) for row in rows):
        raise ValueError("not every element is an object with a kind")
    given_keys = [{key: value for key, value in row.items() if value is not None} for row in rows]
    try:
        return _LIST.validate_python(given_keys)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ValueError(f"[{first['loc'][0]}] {first['msg']}") from error


def count_of(kind: CountKind, text: str) -> int:
    """How many words, sentences, bullets or paragraphs `text` has."""
    if kind == "bullets":
        return len(_BULLET.findall(text))
    if kind == "paragraphs":
        return len([part for part in re.split(r"\n\s*\n", text) if part.strip()])
    return len((_WORD if kind == "words" else _SENTENCE).findall(text.strip()))


def holds(constraint: Constraint, response: str) -> bool:
    """Whether `response` keeps `constraint`.

    >>> holds(Constraint("words", 3, "at_most"), "One, two, three!")
    True
    """
    if isinstance(constraint.value, int):
        count = count_of(constraint.kind, response)  # type: ignore[arg-type]
        relations: dict[Relation, bool] = {
            "exactly": count == constraint.value,
            "at_least": count >= constraint.value,
            "at_most": count <= constraint.value,
        }
        return relations[constraint.relation]
    return _TEXT_RULES[constraint.kind](response, constraint.value)


def _within(response: str, wanted: str) -> bool:
    """As a whole word where it is written with letters: `art` is not in `start`."""
    edged = rf"(?<!\w){re.escape(wanted)}(?!\w)" if wanted.isascii() else re.escape(wanted)
    return re.search(edged, response, re.IGNORECASE) is not None


def _is_json(response: str) -> bool:
    fenced = re.fullmatch(r"\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*", response, re.DOTALL)
    try:
        json.loads(fenced[1] if fenced else response)
    except (ValueError, RecursionError):
        return False
    return True


_TEXT_RULES: dict[str, Callable[[str, Any], bool]] = {
    "contains": _within,
    "forbids": lambda response, text: not _within(response, text),
    "starts_with": lambda response, text: response.lstrip(" \n\"'“").casefold().startswith(text.casefold()),
    "ends_with": lambda response, text: response.rstrip(" \n\"'”").casefold().endswith(text.casefold()),
    "json": lambda response, _: _is_json(response),
    "language": lambda response, language: language_of(response) == language,
}
