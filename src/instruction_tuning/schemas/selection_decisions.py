"""What the sampler decided on every record of the pool."""

import pandas as pd
import pandera.pandas as pa


class SelectionDecisions(pa.DataFrameModel):
    """One record of the pool a row, the selected ones first in order of rank.

    With k-center `selection_score` is the distance to `nearest_selected`: of a selected record to the nearest
    one picked before it, of another to the nearest of all picks. A uniform draw has neither.
    """

    record_id: str = pa.Field(unique=True)
    sampler: str
    decision: str = pa.Field(isin=["selected", "not_selected"])
    rank: pd.Int64Dtype = pa.Field(ge=0, nullable=True)
    selection_score: float = pa.Field(nullable=True)
    nearest_selected: str = pa.Field(nullable=True)
    reason: str

    class Config:
        strict = True

    @pa.dataframe_check(
        error="the selected records, and they alone, have ranks, from 0 in the order of the rows"
    )
    def ranks_are_of_the_selected(cls, frame: pd.DataFrame) -> bool:
        ranks = frame.loc[frame["decision"] == "selected", "rank"].tolist()
        return ranks == list(range(len(ranks))) and int(frame["rank"].notna().sum()) == len(ranks)
