"""How right an answer is, in [0, 1], by a rubric that comes with the question.

A rubric is plain JSON: its `kind`, the `answer` itself, and what the kind needs:

    number, span   1 where the answer that extraction.py reads is the right one, else 0
    words          1 - (edits between the words) / (words of the answer); with `source`, credit counts from
                   what repeating the source would get
    set            `valid` names, `wanted` of them: (different valid ones - everything else) / wanted
    facts          `facts` to keep: (facts kept - words that are neither facts nor function words) / facts
    constraints    the share of what holds of: each of `contains`, the exact number of `words`, at most
                   `most` words; with the form `like` (a regular expression), which counts for half
    program        1 where every one of `tests` (argument, value) holds, else 0

Negative credit counts as 0, so naming everything earns nothing. Nothing here knows any world: what is true
is in the rubric. O(length of the answer), times that of the gold answer for `words`.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from instruction_tuning.text.edit_distance import edit_distance
from instruction_tuning.text.languages import HAN
from instruction_tuning.verification.extraction import extract_answer, first_line, readings
from instruction_tuning.verification.program_text import program_text
from instruction_tuning.verification.tiny_programs import UnsupportedProgramError, run_program

Rubric = Mapping[str, Any]

_WORD = re.compile(rf"[{HAN}]|\d+|[^\W\d_{HAN}]+(?:'[^\W\d_{HAN}]+)*")
_BETWEEN_NAMES = re.compile(r"[,;、，；]|\band\b|和")
_LEADING_ARTICLE = re.compile(r"^(?:an?|the)\s+")
_FUNCTION_WORDS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "for", "from", "has", "he", "his", "her", "in", "is", "it"),
        *("lives", "named", "of", "old", "she", "so", "summary", "text", "the", "this", "to", "who"),
        *("with", "works", "year", "years", "是", "在", "的", "了", "有", "住", "个", "岁", "名", "一", "和"),
    )
)


def answer_score(response: str, rubric: Rubric) -> float:
    """The score of `response` by `rubric`.

    >>> answer_score("cat, dog, moon", {"kind": "set", "answer": "", "valid": ["cat", "dog"], "wanted": 2})
    0.5
    """
    kind = str(rubric["kind"])
    if kind in ("number", "span"):
        said = extract_answer(response, kind)
        return float(said is not None and said == extract_answer(str(rubric["answer"]), kind))
    line = scored_line(response, kind)
    if not line:
        return 0.0
    # What follows a mere "is" is no summary: the facts before it would be left out of the count.
    parts = readings(line)[:2] if kind == "facts" else readings(line)
    return max(_SCORERS[kind](part, rubric) for part in parts)


def item_rubric(kind: str, answer: str, rubric: str | None) -> Rubric:
    """The rubric of a benchmark item: its kind and target, and what its `rubric` adds in JSON."""
    return {"kind": kind, "answer": answer, **(json.loads(rubric) if rubric else {})}


def scored_line(response: str, kind: str) -> str:
    """What is scored in part: the first line that is not empty; of a program, within its fence."""
    text = program_text(response) or "" if kind == "program" else response
    return first_line(unicodedata.normalize("NFKC", text))


def extracted_as(kind: str) -> str:
    """How extraction.py reads an answer of this kind."""
    return kind if kind in ("number", "span") else "line"


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text))


def _folded(text: str) -> list[str]:
    return [word.casefold() for word in _words(text)]


def _words_score(line: str, rubric: Rubric) -> float:
    split = _words if rubric.get("case") else _folded
    gold = split(rubric["answer"])
    credit = _closeness(split(line), gold)
    if "source" not in rubric:
        return credit
    start = _closeness(split(rubric["source"]), gold)
    return max(0.0, (credit - start) / (1 - start)) if start < 1 else credit


def _closeness(said: Sequence[str], gold: Sequence[str]) -> float:
    return max(0.0, 1 - edit_distance(said, gold) / len(gold))


def _set_score(line: str, rubric: Rubric) -> float:
    parts = [_LEADING_ARTICLE.sub("", " ".join(_folded(part))) for part in _BETWEEN_NAMES.split(line)]
    named = [part for part in parts if part]
    valid = {" ".join(_folded(name)) for name in rubric["valid"]}
    wanted = int(rubric["wanted"])
    good = min(len(valid.intersection(named)), wanted)
    return max(0.0, (good - (len(named) - good)) / wanted)


def _facts_score(line: str, rubric: Rubric) -> float:
    words = _folded(line)
    facts = [_folded(fact) for fact in rubric["facts"]]
    kept = sum(_find(words, fact) is not None for fact in facts)
    made_up = set(words) - _FUNCTION_WORDS - {word for fact in facts for word in fact}
    return max(0.0, (kept - len(made_up)) / len(facts))


def _find(words: Sequence[str], wanted: Sequence[str]) -> int | None:
    last = len(words) - len(wanted)
    places = (place for place in range(last + 1) if list(words[place : place + len(wanted)]) == list(wanted))
    return next(places, None)


def _constraints_score(line: str, rubric: Rubric) -> float:
    words = _folded(line)
    contained = [_find(words, _folded(text)) is not None for text in rubric.get("contains", ())]
    if contained and not any(contained):
        return 0.0
    held = list(contained)
    if "words" in rubric:
        held.append(len(words) == rubric["words"])
    if "most" in rubric:
        held.append(len(words) <= rubric["most"])
    share = sum(held) / len(held)
    if "like" not in rubric:
        return share
    return (share + (re.fullmatch(rubric["like"], line) is not None)) / 2


def _program_score(line: str, rubric: Rubric) -> float:
    try:
        return float(all(run_program(line, argument) == value for argument, value in rubric["tests"]))
    except UnsupportedProgramError:
        return 0.0


_SCORERS: dict[str, Callable[[str, Rubric], float]] = {
    "words": _words_score,
    "set": _set_score,
    "facts": _facts_score,
    "constraints": _constraints_score,
    "program": _program_score,
}
