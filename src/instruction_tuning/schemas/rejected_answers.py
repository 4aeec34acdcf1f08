"""Selected queries that got no usable answer, and why."""

import pandera.pandas as pa


class RejectedAnswers(pa.DataFrameModel):
    """One selected query a row; `response_id` is the response that came furthest, if there was one."""

    record_id: str = pa.Field(unique=True)
    response_id: str = pa.Field(nullable=True)
    stage: str = pa.Field(isin=["answer", "check", "rating"])
    reason: str = pa.Field(isin=["no_response", "check_failed", "unverified", "unrated", "below_min_rating"])
    detail: str

    class Config:
        strict = True
