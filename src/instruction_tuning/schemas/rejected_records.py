"""Rows that were set aside, each with stage and reason."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

STAGES = (
    "read",
    "validate",
    "licence",
    "exact_duplicate",
    "near_duplicate",
    "semantic_duplicate",
    "contaminated",
)
_REASON = r"^[a-z][a-z_]*$"


class RejectedRecords(pa.DataFrameModel):
    """`detail` says in words what a row collided with, `raw` is the row's original text.

    `collides_with`: the row that stays for an exact duplicate, the record that stays for a near or semantic
    one, the test item for a leak; null for what could not be read.
    """

    source_row_id: Series[str] = pa.Field(unique=True, str_matches=r"^[0-9a-f]{12}:\d+$")
    source: Series[str]
    record_id: Series[str] = pa.Field(nullable=True, str_matches=r"^[0-9a-f]{16}$")
    stage: Series[str] = pa.Field(isin=STAGES)
    reason: Series[str] = pa.Field(str_matches=_REASON)
    field: Series[str] = pa.Field(nullable=True)
    detail: Series[str] = pa.Field(nullable=True)
    raw: Series[str]
    collides_with: Series[str] = pa.Field(nullable=True)
    similarity: Series[float] = pa.Field(ge=0, le=1, nullable=True)

    class Config:
        strict = True


class UnreadableRecords(RejectedRecords):
    """The rows among them that never became a record."""

    stage: Series[str] = pa.Field(isin=STAGES[:3])
