"""How much of each benchmark was found in the pool."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

BENCHMARK_SPLITS = ("test", "validation", "train")
DECISIONS = REMOVED, IN_DISTRIBUTION = ("removed", "in_distribution")
# Of a record with a question of a benchmark's training split; the benchmark's name comes behind it.
IN_DISTRIBUTION_FLAG = "in_distribution:"
CONTAMINATION_RULES = (
    "equals_item",
    "overlaps_item",
    "holds_short_item",
    "same_options",
    "same_operands",
    "token_share",
)


class ContaminationReport(pa.DataFrameModel):
    """One split of a benchmark a row. `items_found`: items that some record holds; `items_too_short`: those
    that cannot be looked for.

    The columns named like rules count records by the rule of their best match. `items_dirty` and
    `items_clean` (of all records together) are null but for the method `token_share`.
    """

    benchmark: Series[str]
    split: Series[str] = pa.Field(isin=BENCHMARK_SPLITS)
    items: Series[int] = pa.Field(gt=0)
    items_too_short: Series[int] = pa.Field(ge=0)
    items_found: Series[int] = pa.Field(ge=0)
    records_removed: Series[int] = pa.Field(ge=0)
    records_in_distribution: Series[int] = pa.Field(ge=0)
    equals_item: Series[int] = pa.Field(ge=0)
    overlaps_item: Series[int] = pa.Field(ge=0)
    holds_short_item: Series[int] = pa.Field(ge=0)
    same_options: Series[int] = pa.Field(ge=0)
    same_operands: Series[int] = pa.Field(ge=0)
    token_share: Series[int] = pa.Field(ge=0)
    items_dirty: Series[pa.Int64] = pa.Field(ge=0, nullable=True)
    items_clean: Series[pa.Int64] = pa.Field(ge=0, nullable=True)

    class Config:
        strict = True
        unique = ["benchmark", "split"]  # noqa: RUF012
