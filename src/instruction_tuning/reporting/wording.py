"""How figures are put into words and columns, the same in report, card and dashboard."""

import textwrap
import unicodedata
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate, takewhile
from typing import Any

from instruction_tuning.text.counting import counted

WIDTH = 100  # columns of a report on a terminal


def percent(share: float) -> str:
    """A share as a percentage with one digit, without the sign."""
    return f"{share * 100:.1f}"


def points_with_interval(row: Mapping[str, Any] | Any) -> str:
    """`+12.5 [+9.1, +15.9]` from a row of `benchmark_comparisons`."""
    return f"{row['difference'] * 100:+.1f} [{row['ci_low'] * 100:+.1f}, {row['ci_high'] * 100:+.1f}]"


def display_width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def one_line(text: str, width: int) -> str:
    """`text` on one line of at most `width` columns; what is cut off shows as an ellipsis."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    # Where each character ends, no farther than the line goes: a prompt may be a book.
    ends = list(takewhile(lambda end: end <= width, accumulate(map(display_width, flat))))
    return flat if len(ends) == len(flat) else f"{flat[: bisect_right(ends, width - 1)].rstrip()}…"


def wrapped(text: str) -> list[str]:
    """`text` as indented lines of at most `WIDTH` characters."""
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, indent: int = 2) -> list[str]:
    """Aligned columns: the first to the left, the others to the right."""
    widths = [max(display_width(row[i]) for row in (header, *rows)) for i in range(len(header))]
    return [
        " " * indent + "  ".join(_pad(cell, widths[i], i) for i, cell in enumerate(row)).rstrip()
        for row in (header, *rows)
    ]


def _pad(cell: str, width: int, column: int) -> str:
    space = " " * (width - display_width(cell))
    return cell + space if column == 0 else space + cell


def count_list(counts: Mapping[str, int]) -> str:
    """`alpaca 1,200, belle 300`, the largest first."""
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return ", ".join(f"{name} {count:,}" for name, count in ordered) or "none"


def answered_sentence(examples: int, rejected: Mapping[str, int]) -> str:
    """How many selected queries can be trained on, and by reason how many cannot.

    >>> answered_sentence(2, {"unrated": 1})
    '2 queries have an answer to train on, 1 has none (unrated 1).'
    """
    without = sum(rejected.values())
    return (
        f"{counted(examples, 'query has', 'queries have')} an answer to train on, {without:,} "
        f"{'has' if without == 1 else 'have'} none{f' ({count_list(rejected)})' if without else ''}."
    )


def incumbent_words(verdict: Mapping[str, Any]) -> str:
    """Against whom the verdict is; a champion is not compared with itself."""
    itself = " (the candidate is the champion itself)" if verdict.get("is_champion") else ""
    return f"{verdict['incumbent']}{itself}"


def in_distribution_sentence(counts: Mapping[str, int] | None) -> str:
    """What a score has to be read with where training data are of a benchmark's own training split; empty
    where none are known to be.

    >>> in_distribution_sentence({"gsm8k": 12})
    'Trained on questions of training splits, so in-distribution for: gsm8k (12 training rows).'
    """
    if not counts:
        return ""
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    benchmarks = ", ".join(f"{name} ({counted(rows, 'training row')})" for name, rows in ordered)
    return f"Trained on questions of training splits, so in-distribution for: {benchmarks}."
