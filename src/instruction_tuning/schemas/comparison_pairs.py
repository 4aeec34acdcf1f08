"""Pairs of scored answers of different models to one query, ties among them."""

import pandas as pd
import pandera.pandas as pa


class ComparisonPairs(pa.DataFrameModel):
    """`chosen` has the higher score, or passed a check that the other failed; in a tie it is only first."""

    pair_id: str = pa.Field(unique=True)
    record_id: str
    messages: object
    chosen: str
    rejected: str
    chosen_model: str
    rejected_model: str
    chosen_response_id: str
    rejected_response_id: str
    chosen_score: float = pa.Field(ge=1, le=10)
    rejected_score: float = pa.Field(ge=1, le=10)
    margin: float = pa.Field(ge=-9, le=9)
    tie: bool
    same_text: bool
    decided_by_check: bool

    class Config:
        strict = True

    @pa.dataframe_check(error="a tie has no margin, and answers of one text tie")
    def ties_are_ties(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        without = frame["tie"] & (frame["margin"] != 0)
        return ~without & (~frame["same_text"] | frame["tie"])
