"""Kept instructions in the form that raw data has, to be ingested like anybody else's."""

import pandas as pd

from instruction_tuning.synthesis.written_rows import KEPT, SEED

_FIELDS = ["id", "instruction", "input", "output", "language"]


def raw_records(rows: pd.DataFrame) -> pd.DataFrame:
    """The kept `rows` (schemas.synthesised_instructions), seeds apart, with Alpaca's fields, id and language.

    One instruction with one input once, in the order written.
    """
    kept = rows[(rows["status"] == KEPT) & (rows["method"] != SEED)]
    distinct = kept.drop_duplicates(["instruction", "input"])
    return distinct.rename(columns={"record_id": "id"})[_FIELDS].reset_index(drop=True)
