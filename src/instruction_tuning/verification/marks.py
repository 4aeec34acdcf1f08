"""Marks that a language model was asked for: read from its replies, refused where too many are unreadable.

A mark is `<word>: n` or `<word>: n/scale`, with whatever stars a model sets around it. What is off the scale
that was asked for is unreadable, and a reply without a readable mark gives null, never a middle value.
"""

import re
from collections.abc import Callable, Sequence

import pandas as pd

from instruction_tuning.errors import FailureRateError

READ, UNPARSEABLE, FAILED = "ok", "unparseable", "failed"
_NUMBER = r"[\s*_`]*[:：][\s*_`]*(\d+(?:\.\d+)?)(?:\s*/\s*(\d+))?(?![\d.]*\d|\s*[-–~]\s*\d)"
_SHOWN_CHARACTERS = 200


def mark_pattern(words: str, *, before: str = "") -> re.Pattern[str]:
    """Marks named by one of `words` (`a|b`), behind `before`; the last two groups are number and scale."""
    return re.compile(f"{before}(?:{words}){_NUMBER}", re.IGNORECASE | re.MULTILINE)


def on_scale(number: str, scale: str, *, lowest: float, highest: int) -> float | None:
    """The number that a `mark_pattern` has found; null off the scale, or on another (`4/5`)."""
    mark = float(number)
    return mark if scale in ("", str(highest)) and lowest <= mark <= highest else None


def last_mark(reply: str, pattern: re.Pattern[str], *, lowest: float, highest: int) -> float | None:
    """The last mark of `reply` by a `mark_pattern`, null where there is none on the scale."""
    found = pattern.findall(reply)
    return on_scale(*found[-1], lowest=lowest, highest=highest) if found else None


def last_mark_place(reply: str, pattern: re.Pattern[str]) -> tuple[int, int] | None:
    """Where the number of the last mark begins and ends; null where there is none."""
    found = list(pattern.finditer(reply))
    return found[-1].span(pattern.groups - 1) if found else None


def numbered_mark_pattern(words: str) -> re.Pattern[str]:
    """Lines `[n] <word>: mark`, where `n` counts texts that were shown side by side."""
    return mark_pattern(words, before=r"^[\s*_`>-]*\[(\d{1,2})\][\s*_`:：]*")


def numbered_marks(
    reply: str, count: int, pattern: re.Pattern[str], *, lowest: int, highest: int
) -> list[float | None]:
    """The whole mark of each of `count` texts by a `numbered_mark_pattern`.

    Null where the reply has none on the scale, or two that differ.
    """
    said: dict[int, set[float | None]] = {}
    for number, mark, scale in pattern.findall(reply):
        found = on_scale(mark, scale, lowest=lowest, highest=highest)
        is_whole = found is not None and found.is_integer()
        said.setdefault(int(number), set()).add(found if is_whole else None)
    return [
        next(iter(said[number])) if len(said.get(number, ())) == 1 else None for number in range(1, count + 1)
    ]


def read_marks(completions: pd.DataFrame, parse: Callable[[str], float | None]) -> pd.DataFrame:
    """`completions` (response, status) with `mark` (float or NaN) and `mark_status`.

    `failed` where no reply came, `unparseable` where `parse` finds no mark in it.
    """
    came = completions["status"] == "ok"
    marks = [
        parse(str(reply)) if has_come else None
        for reply, has_come in zip(completions["response"], came, strict=True)
    ]
    return with_statuses(completions, marks)


def with_statuses(completions: pd.DataFrame, marks: Sequence[float | None]) -> pd.DataFrame:
    """`completions` with these `marks`, null where none could be read, and what became of each."""
    came = completions["status"] == "ok"
    status = [
        FAILED if not has_come else UNPARSEABLE if mark is None else READ
        for mark, has_come in zip(marks, came, strict=True)
    ]
    return completions.assign(
        mark=pd.Series(marks, index=completions.index, dtype="float64"),
        mark_status=pd.Series(status, index=completions.index, dtype="str"),
    )


def refuse_unreadable_replies(
    statuses: pd.Series,
    replies: pd.Series,
    *,
    asked_for: str,
    field: str,
    max_unreadable_rate: float,
    fix: str = "take a teacher that follows the prompt, raise its max_tokens where replies are cut off, or "
    "raise the limit",
) -> None:
    """Raise `FailureRateError` where more of the replies that came are unreadable than the rate allows.

    `statuses` and `replies` stand in one order; `asked_for` says in words what should be in a reply, and
    `field` is the parameter that holds the rate.
    """
    came = int((statuses != FAILED).sum())
    unreadable = [
        str(reply) for reply, status in zip(replies, statuses, strict=True) if status == UNPARSEABLE
    ]
    if len(unreadable) <= max_unreadable_rate * came:
        return
    raise FailureRateError(
        f"{len(unreadable)} of {came} replies hold no {asked_for}, more than max_unreadable_rate "
        f"{max_unreadable_rate:g} allows; for example {unreadable[0][:_SHOWN_CHARACTERS]!r}",
        field=field,
        fix=fix,
    )
