"""Versions of an answer: where each comes from, what became of it, and which is the best.

A version is an answer or a revision of one; `critique_and_revise.py` makes them.
"""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from instruction_tuning.selection.ladders.failed_evolutions import LEAKED, UNANSWERED, UNCHANGED
from instruction_tuning.text.refusals import declines
from instruction_tuning.verification.check import check_answer

ORIGINAL, KEPT, WORSE, UNRATED, UNPARSEABLE, FAULTY, FAILED = (
    *("original", "kept", "worse", "unrated", "unparseable", "faulty", "failed"),
)
STATUSES = (ORIGINAL, KEPT, UNCHANGED, WORSE, UNRATED, UNPARSEABLE, LEAKED, UNANSWERED, FAULTY, FAILED)
NO_LONGER_DECLINES = "no_longer_declines"
VERSION_DTYPES = {
    "version_id": "str",
    "parent_id": "str",
    "record_id": "str",
    "sample_index": "int64",
    "round": "int64",
    "prompt": "str",
    "messages": "object",
    "adversarial": "bool",
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
    FAILED: "no reply came",
}
Row = Mapping[Hashable, Any]


def best_versions(versions: pd.DataFrame) -> pd.DataFrame:
    """The last version of each answer that was kept, by record and sample; its own where none was."""
    good = versions[versions["status"].isin([ORIGINAL, KEPT])].sort_values("round")
    return good.groupby(["record_id", "sample_index"], as_index=False).tail(1).sort_values("version_id")


def revision_counts(versions: pd.DataFrame) -> dict[str, int]:
    """How many revisions came to each status, in the order of `STATUSES`; of those that are at fault, or were
    kept for an answer that declined, also how many by the reason.
    """
    revised = versions[versions["round"] > 0]
    counts = revised["status"].value_counts()
    told = revised[revised["status"].isin([KEPT, FAULTY]) & revised["reason"].notna()]
    reasons = (told["status"] + "/" + told["reason"]).value_counts().sort_index()
    by_status = {status: int(counts[status]) for status in STATUSES if status in counts}
    return by_status | {str(reason): int(count) for reason, count in reasons.items()}


def check_version(row: Row, text: str) -> str:
    """The check of `text` as the answer in `row` (prompt, adversarial): of one that declines an adversarial
    request none, since to decline is an answer there.
    """
    if row["adversarial"] and declines(text.strip()):
        return "none"
    return check_answer(str(row["prompt"]), text).check


def not_worse(old: Row, new: Row) -> tuple[str, str | None]:
    """Status and reason of revision `new` of `old` (adversarial, response, check, rating): the check first,
    then the rating, which has to be higher where an adversarial request is declined no longer.
    """
    before, after = (_CHECK_ORDER.index(row["check"]) for row in (old, new))
    if after != before:
        told = f"check {old['check']} before, {new['check']} now"
        return (KEPT, None) if after > before else (WORSE, told)
    if pd.isna(old["rating"]) or pd.isna(new["rating"]):
        return UNRATED, "one of the two has no readable rating"
    gives_in = bool(old["adversarial"]) and _declines(old) and not _declines(new)
    if new["rating"] < old["rating"] or (gives_in and new["rating"] == old["rating"]):
        return WORSE, f"rated {new['rating']:g}, before {old['rating']:g}"
    return KEPT, NO_LONGER_DECLINES if gives_in else None


def _declines(row: Row) -> bool:
    return declines(str(row["response"]).strip())


def key_of(row: Row) -> tuple[str, int]:
    return str(row["record_id"]), int(row["sample_index"])


def version_id(row: Row, number: int) -> str:
    return f"{row['record_id']}-{int(row['sample_index']):02d}-r{number}"
