"""Which member of a group of duplicates stays, and which rule decided that.

Rules are asked in the order that the user gives; the first that tells two records apart decides:

* `licence`: the freer one (`text/licences.py`);
* `source_priority`: the one from the source that the user names first (names or globs); unnamed ones last;
* `answered`: the one that has an answer;
* `quality`: the one with fewer faults: flags of ingestion (repairs and warnings), and an answer that breaks
  off;
* `length`: the one with the longer answer, which is usually the more complete one.

Then, always: the shorter prompt (the one without stray spaces and marks), the smaller record id, and for
exact copies the smaller row key. What stays thus depends on contents alone, not on the order of rows or
files. No rule claims that an answer is right.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Literal

import numpy as np
import pandas as pd

from instruction_tuning.dedup.shingles import Array
from instruction_tuning.schemas.list_columns import list_lengths
from instruction_tuning.text.licences import licence_rank

Rule = Literal["licence", "source_priority", "answered", "quality", "length"]
_BREAKS_OFF_FROM_CHARACTERS = 200
_SENTENCE_END = re.compile(r"[.!?。！？]")
_OPEN_END = re.compile(r"[\w,;:，；：、(\[{（【-]\Z")


def keeping_ranks(
    records: pd.DataFrame, *, keep: Sequence[Rule], source_priority: Sequence[str] = ()
) -> dict[str, Array]:
    """For each rule, in order, a rank of every record; lower is more worth keeping.

    `records` has `licence`, `source`, `prompt`, `answer`, `flags`, `record_id` and `source_row_id`.
    """
    answers = records["answer"]
    ranks: dict[str, Array] = {}
    for rule in keep:
        if rule == "licence":
            ranks[rule] = _of_values(records["licence"], licence_rank)
        elif rule == "source_priority":
            ranks[rule] = _of_values(records["source"], lambda source: _priority(source, source_priority))
        elif rule == "answered":
            ranks[rule] = answers.isna().to_numpy().astype(np.int64)
        elif rule == "quality":
            flags = list_lengths(records["flags"]).to_numpy()
            cut = [isinstance(answer, str) and breaks_off(answer) for answer in answers]
            ranks[rule] = flags + np.array(cut, dtype=np.int64)
        else:
            ranks[rule] = -answers.str.len().fillna(0).to_numpy().astype(np.int64)
    ranks["prompt_length"] = records["prompt"].str.len().to_numpy().astype(np.int64)
    ranks["record_id"] = _sorted_codes(records["record_id"])
    rows = records["source_row_id"].str.rpartition(":")
    # Files in the order of their digests, rows of a file in theirs (row 10 after row 9).
    by_row = np.lexsort((rows[2].astype("int64").to_numpy(), _sorted_codes(rows[0])))
    ranks["row"] = np.empty(len(records), np.int64)
    ranks["row"][by_row] = np.arange(len(records))
    return ranks


def keeping_order(ranks: Mapping[str, Array]) -> Array:
    """Positions from the most to the least worth keeping."""
    return np.lexsort(list(ranks.values())[::-1])


def deciding_rules(ranks: Mapping[str, Array], kept: Array, dropped: Array) -> list[str]:
    """For each pair the first rule that tells the two apart."""
    decided = np.full(len(kept), "", dtype=object)
    for rule, rank in ranks.items():
        decided[(decided == "") & (rank[kept] != rank[dropped])] = rule
    return [str(rule) for rule in decided]


def breaks_off(answer: str) -> bool:
    """Whether a text of several sentences ends in the middle of one.

    Only where it has 200 characters or more, and ends in a word, a comma or an opening bracket on the line
    of its last full stop: lists, code and short answers need none.

    >>> breaks_off("It rains. " * 30 + "And then the")
    True
    """
    text = answer.rstrip()
    if len(text) < _BREAKS_OFF_FROM_CHARACTERS or not _OPEN_END.search(text):
        return False
    return _SENTENCE_END.search(text.rpartition("\n")[2]) is not None


def _priority(source: str | None, names: Sequence[str]) -> int:
    matching = (place for place, name in enumerate(names) if source and fnmatchcase(source, name))
    return next(matching, len(names))


def _of_values(column: pd.Series, rank: Callable[[str | None], int]) -> Array:
    """The rank of each value, asked once for each that there is."""
    codes, values = pd.factorize(column)
    ranks = np.array([rank(value) for value in values] + [rank(None)], dtype=np.int64)
    return ranks[codes]  # code -1, the last one, is a missing value


def _sorted_codes(column: pd.Series) -> Array:
    return pd.factorize(column.astype(object), sort=True)[0]
