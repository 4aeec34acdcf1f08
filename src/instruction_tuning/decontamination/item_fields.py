"""An item from a row of an evaluation file, whatever its benchmark calls question, options and split."""

import json
import re
from collections.abc import Mapping, Sequence

from instruction_tuning.decontamination.items import TEST, TRAIN, VALIDATION, EvaluationItem
from instruction_tuning.errors import InputError
from instruction_tuning.schemas.contamination_report import BENCHMARK_SPLITS

# The first that a row has is taken; names are compared without case. `goal` is PIQA's, `ctx` HellaSwag's.
QUESTION_FIELDS = (
    "question",
    "problem",
    "goal",
    "ctx",
    "sentence",
    "prompt",
    "instruction",
    "input",
    "text",
    "query",
)
CHOICE_FIELDS = ("choices", "options", "endings")
# One column an option.
CHOICE_COLUMNS = (
    tuple(f"choice{number}" for number in range(10)),
    tuple("abcdefghij"),
    tuple(f"option{number}" for number in range(1, 11)),
    tuple(f"sol{number}" for number in range(1, 5)),
)
ID_FIELDS = ("item_id", "task_id", "question_id", "id")
_SPLIT_NAMES = {
    **dict.fromkeys(("test", "eval", "evaluation"), TEST),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development"), VALIDATION),
    **dict.fromkeys(("train", "training"), TRAIN),
}
_NAME_PARTS = re.compile(r"[._\-\s]+")
_SHARD = re.compile(r"-\d+-of-\d+$")
# How a data set is kept, not which it is.
_KEPT_AS = ("data", "main", "default")
# Options written into the question: "(A) ...", "A. ..." on lines of their own, "Answer1: ...".
_OPTION_MARKS = (
    re.compile(r"\b(?:answer|solution|option|ending|choice)\s?(\d+)\s*[:：]", re.IGNORECASE),
    re.compile(r"(?:^|(?<=\s))\(([A-Z])\)\s"),
    re.compile(r"^\s*([A-Z])\s*[.:：)、．]\s*", re.MULTILINE),
)
_AFTER_OPTIONS = re.compile(r"\n\s*(?:answer format\s*[:：]|答案\s*[:：]|answer\s*[:：])", re.IGNORECASE)
_BEFORE_OPTIONS = re.compile(r"\b(?:options|choices)\s*[:：]\s*$|选项\s*[:：]\s*$", re.IGNORECASE)


def item_of_row(
    fields: Mapping[str, object], *, benchmark: str, split: str, number: int, file: object
) -> EvaluationItem:
    """The item in row `number` (from 1) of `file`; `benchmark` and `split` hold where the row names none.

    Raises `InputError`, with file, row and field, for a row without a question and for an unknown split.
    """
    row = {name.casefold(): value for name, value in fields.items() if value is not None}
    place = {"file": file, "record": f"row {number}"}
    question = _question(row, list(fields), place)
    choices = _choices(row, place)
    if not choices:
        question, choices = split_options(question)
    named = row.get("split")
    given = next((row[name] for name in ID_FIELDS if isinstance(row.get(name), str | int)), None)
    return EvaluationItem(
        benchmark=str(row.get("benchmark") or benchmark),
        item_id=f"{number}" if given is None else str(given),
        split=split if named is None else _split(named, place),
        question=question,
        choices=choices,
    )


def benchmark_and_split(*names: str) -> tuple[str, str]:
    """What the name of a file says, without its suffix, and those of its folders from the inside out: the
    benchmark, and the split that it holds; test where none of them names one.

    >>> benchmark_and_split("gsm8k_train"), benchmark_and_split("train-00000-of-00001", "data", "gsm8k")
    (('gsm8k', 'train'), ('gsm8k', 'train'))
    """
    split = None
    for depth, name in enumerate(names):
        benchmark, named = _without_split(name)
        split = split or named
        if benchmark:
            around = next(iter(names[depth + 1 :]), "")
            return benchmark, split or _SPLIT_NAMES.get(around.casefold(), TEST)
    return names[0], split or TEST


def _without_split(name: str) -> tuple[str, str | None]:
    """The rest of a name, empty where that names no data set, and its split."""
    rest, split = _SHARD.sub("", name), None
    found = [part for part in _NAME_PARTS.split(rest) if part.casefold() in _SPLIT_NAMES]
    if found:
        before, _, after = rest.rpartition(found[-1])
        rest, split = before.rstrip("._- ") + after, _SPLIT_NAMES[found[-1].casefold()]
    rest = rest.strip("._- ")
    return "" if rest.isdigit() or rest.casefold() in _KEPT_AS else rest, split


def split_options(question: str) -> tuple[str, tuple[str, ...]]:
    """A question and the options that are written into it; none unless they are marked 1, 2, … or A, B, …

    >>> split_options("Which floats? Answer1: iron Answer2: cork")
    ('Which floats?', ('iron', 'cork'))
    """
    for pattern in _OPTION_MARKS:
        marks = list(pattern.finditer(question))
        names = [mark[1] for mark in marks]
        wanted = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if names and names[0].isalpha() else range(1, len(names) + 1)
        if len(marks) < 2 or any(name != str(want) for name, want in zip(names, wanted, strict=False)):
            continue
        ends = [*(mark.start() for mark in marks[1:]), len(question)]
        options = [question[mark.end() : end] for mark, end in zip(marks, ends, strict=True)]
        options[-1] = _AFTER_OPTIONS.split(options[-1])[0]
        stem = _BEFORE_OPTIONS.sub("", question[: marks[0].start()].rstrip())
        return stem.strip(), tuple(option.strip() for option in options)
    return question, ()


def _question(row: Mapping[str, object], columns: Sequence[str], place: Mapping[str, object]) -> str:
    name = next((name for name in QUESTION_FIELDS if name in row), None)
    if name is None:
        raise InputError(
            f"the row has no question; its fields are {', '.join(map(str, columns[:12])) or 'none'}",
            field="question",
            fix=f"name the question's field {', '.join(QUESTION_FIELDS[:-1])} or {QUESTION_FIELDS[-1]}",
            **place,
        )
    text = row[name]
    if not isinstance(text, str) or not text.strip():
        raise InputError(
            f"the question is {text!r:.60}, not a text",
            field=name,
            fix="write the question as a text, or take the row out",
            **place,
        )
    more = row.get("input") if name == "instruction" else None
    return f"{text}\n{more}" if isinstance(more, str) and more.strip() else text


def _choices(row: Mapping[str, object], place: Mapping[str, object]) -> tuple[str, ...]:
    for name in CHOICE_FIELDS:
        if name in row:
            return _listed(row[name], name, place)
    for columns in CHOICE_COLUMNS:
        if columns[0] in row and columns[1] in row:
            return tuple(str(row[column]) for column in columns if column in row)
    return ()


def _listed(value: object, name: str, place: Mapping[str, object]) -> tuple[str, ...]:
    """Options as a list, as JSON, as `{"text": [...]}`, or by letter."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if isinstance(value, Mapping):
        texts = value.get("text")
        value = texts if isinstance(texts, Sequence) else list(value.values())
    if isinstance(value, Sequence) and all(isinstance(one, Mapping) and "text" in one for one in value):
        value = [one["text"] for one in value]
    if not isinstance(value, Sequence) or not all(isinstance(one, str | int | float) for one in value):
        raise InputError(
            "the options cannot be read",
            field=name,
            fix='write them as a list of texts, such as ["iron", "cork"]',
            **place,
        )
    return tuple(str(one) for one in value)


def _split(value: object, place: Mapping[str, object]) -> str:
    known = _SPLIT_NAMES.get(str(value).casefold())
    if known is None:
        raise InputError(
            f"the split {value!r:.40} is unknown",
            field="split",
            fix=f"name one of {', '.join(BENCHMARK_SPLITS)}",
            **place,
        )
    return known
