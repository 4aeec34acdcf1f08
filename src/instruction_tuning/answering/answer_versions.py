"""Versions of an answer: where each comes from, what became of it, and which is the best.

A version is an answer or a revision of one; `critique_and_revise.py` makes them.
"""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from instruction_tuning.selection.ladders.failed_evolutions import LEAKED, UNANSWERED, UNCHANGED

ORIGINAL, KEPT, WORSE, UNRATED, UNPARSEABLE, FAILED = (
    *("original", "kept", "worse", "unrated", "unparseable", "failed"),
)
STATUSES = (ORIGINAL, KEPT, UNCHANGED, WORSE, UNRATED, UNPARSEABLE, LEAKED, UNANSWERED, FAILED)
VERSION_DTYPES = {
    "version_id": "str",
    "parent_id": "str",
    "record_id": "str",
    "sample_index": "int64",
    "round": "int64",
    "prompt": "str",
    "messages": "object",
    "response": "str",
    "critique": "str",
    "rating": "float64",
    "check": "str",
    "status": "str",
    "reason": "str",
}
_CHECK_ORDER = ("failed", "none", "passed")
REASONS = {
    UNPARSEABLE: "the reply has no revised answer",
    UNCHANGED: "the critic left the answer as it is",
    LEAKED: "words of the prompt are in it",
    UNANSWERED: "it declines, or says nothing",
}
Row = Mapping[Hashable, Any]


def best_versions(versions: pd.DataFrame) -> pd.DataFrame:
    """The last version of each answer that was kept, by record and sample; its own where none was."""
    good = versions[versions["status"].isin([ORIGINAL, KEPT])].sort_values("round")
    return good.groupby(["record_id", "sample_index"], as_index=False).tail(1).sort_values("version_id")


def revision_counts(versions: pd.DataFrame) -> dict[str, int]:
    """How many revisions came to each status, in the order of `STATUSES`."""
    counts = versions.loc[versions["round"] > 0, "status"].value_counts()
    return {status: int(counts[status]) for status in STATUSES if status in counts}


def not_worse(old: Row, new: Row) -> tuple[str, str | None]:
    """Status and reason of revision `new` of `old` (check, rating): the check first, then the rating."""
    before, after = (_CHECK_ORDER.index(row["check"]) for row in (old, new))
    if after != before:
        told = f"check {old['check']} before, {new['check']} now"
        return (KEPT, None) if after > before else (WORSE, told)
    if pd.isna(old["rating"]) or pd.isna(new["rating"]):
        return UNRATED, "one of the two has no readable rating"
    if new["rating"] < old["rating"]:
        return WORSE, f"rated {new['rating']:g}, before {old['rating']:g}"
    return KEPT, None


def key_of(row: Row) -> tuple[str, int]:
    return str(row["record_id"]), int(row["sample_index"])


def version_id(row: Row, number: int) -> str:
    return f"{row['record_id']}-{int(row['sample_index']):02d}-r{number}"
