"""The marks in replies to a question about each record, by record id."""

from collections.abc import Callable

import pandas as pd

from instruction_tuning.verification.marks import read_marks


def marks_by_record(
    completions: pd.DataFrame, parse: Callable[[str], float | None], *, name: str
) -> pd.DataFrame:
    """`name` (float or NaN) and `status` by record id, from `completions` (record_id, response, status).

    `failed` where no reply came, `unparseable` where `parse` finds no mark in it.
    """
    return marked_records(read_marks(completions, parse), name=name)


def marked_records(completions: pd.DataFrame, *, name: str) -> pd.DataFrame:
    """As `marks_by_record`, of completions that have `mark` and `mark_status` already."""
    marked = completions.astype({"record_id": "str"}).set_index("record_id")
    return marked[["mark", "mark_status"]].rename(columns={"mark": name, "mark_status": "status"})
