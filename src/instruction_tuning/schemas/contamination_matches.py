"""Texts of the pool and items of benchmarks that match, side by side."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

from instruction_tuning.schemas.contamination_report import BENCHMARK_SPLITS, CONTAMINATION_RULES, DECISIONS
from instruction_tuning.schemas.list_columns import ROLES


class ContaminationMatches(pa.DataFrameModel):
    """A record and its best match with one split of a benchmark; `turn` counts from 0.

    `share` is the part of the item's evidence (or tokens) that the text holds, 1 for a whole item.
    """

    benchmark: Series[str]
    split: Series[str] = pa.Field(isin=BENCHMARK_SPLITS)
    item_id: Series[str]
    decision: Series[str] = pa.Field(isin=DECISIONS)
    rule: Series[str] = pa.Field(isin=CONTAMINATION_RULES)
    share: Series[float] = pa.Field(gt=0, le=1)
    source_row_id: Series[str] = pa.Field(str_matches=r"^[0-9a-f]{12}:\d+$")
    record_id: Series[str] = pa.Field(str_matches=r"^[0-9a-f]{16}$")
    source: Series[str]
    turn: Series[int] = pa.Field(ge=0)
    role: Series[str] = pa.Field(isin=ROLES[1:])
    record_text: Series[str]
    item_text: Series[str]

    class Config:
        strict = True
