"""Clusters of duplicates: every member, who stays, and what decided that."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

FATES = ("stays", "exact_duplicate", "near_duplicate", "semantic_duplicate")
_ROW_ID = r"^[0-9a-f]{12}:\d+$"
_RECORD_ID = r"^[0-9a-f]{16}$"


class DuplicateClusters(pa.DataFrameModel):
    """One member a row, the largest clusters first, in each the one most worth keeping first.

    `cluster_id` is the record id of that one. `duplicate_of` is the row that a dropped one went for: for an
    exact copy its twin, which may itself have gone for another, else one that stays. `decided_by` is the
    first rule of `duplicates.keep` that tells the two apart. `text` is cut.
    """

    cluster_id: Series[str] = pa.Field(str_matches=_RECORD_ID)
    cluster_rows: Series[int] = pa.Field(ge=2)
    source_row_id: Series[str] = pa.Field(unique=True, str_matches=_ROW_ID)
    record_id: Series[str] = pa.Field(str_matches=_RECORD_ID)
    source: Series[str]
    licence: Series[str] = pa.Field(nullable=True)
    fate: Series[str] = pa.Field(isin=FATES)
    duplicate_of: Series[str] = pa.Field(nullable=True, str_matches=_ROW_ID)
    similarity: Series[float] = pa.Field(nullable=True, ge=0, le=1)
    decided_by: Series[str] = pa.Field(nullable=True)
    text: Series[str]

    class Config:
        strict = True
