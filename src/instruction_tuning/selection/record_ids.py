"""Ids that have to name one record each."""

import pandas as pd

from instruction_tuning.errors import InputError


def refuse_doubled(
    record_ids: pd.Index,
    where: str,
    *,
    fix: str = "drop the exact duplicates first: the ingestion pipeline does",
) -> None:
    """Raise `InputError` where one of `record_ids` occurs more than once `where`."""
    doubled = record_ids[record_ids.duplicated()]
    if len(doubled):
        raise InputError(
            f"{len(doubled)} record ids occur more than once in {where}",
            record=doubled[0],
            field="record_id",
            fix=fix,
        )
