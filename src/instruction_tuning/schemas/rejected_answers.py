"""Selected queries that got no usable answer, and why."""

import pandera.pandas as pa


class RejectedAnswers(pa.DataFrameModel):
    """One selected query a row; `response_id` is the response that came furthest, if there was one.

    The last five columns are what the query cost, as in `verified_examples`.
    """

    record_id: str = pa.Field(unique=True)
    response_id: str = pa.Field(nullable=True)
    stage: str = pa.Field(isin=["answer", "check", "rating"])
    reason: str = pa.Field(isin=["no_response", "check_failed", "unrated", "below_min_rating"])
    detail: str
    requests: int = pa.Field(ge=0)
    failed_samples: int = pa.Field(ge=0)
    prompt_tokens: int = pa.Field(ge=0)
    completion_tokens: int = pa.Field(ge=0)
    price_usd: float = pa.Field(ge=0, nullable=True)

    class Config:
        strict = True
