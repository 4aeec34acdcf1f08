"""What the sampler took."""

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series


class SelectedQueries(pa.DataFrameModel):
    """The pool's columns of the records taken, best first, with why each was; every budget is a prefix."""

    record_id: str = pa.Field(unique=True)
    source: str
    language: str
    messages: Series[Any]
    prompt: str
    answer: str = pa.Field(nullable=True)
    rank: int = pa.Field(ge=0, unique=True)
    sampler: str
    selection_score: float = pa.Field(nullable=True)
    selected_because: str
    tests: Series[Any] | None = pa.Field(nullable=True)
    constraints: Series[str] | None = pa.Field(nullable=True)

    @pa.dataframe_check(error="rank counts from 0 in the order of the rows")
    def rank_counts_the_rows(cls, frame: pd.DataFrame) -> bool:
        return frame["rank"].tolist() == list(range(len(frame)))
