"""Prompts with the answers that are trained on."""

import pandera.pandas as pa


class VerifiedExamples(pa.DataFrameModel):
    """One example a selected query at most; `messages` ends with the assistant's `answer`.

    `parent_ids`: the record, then the response if a teacher gave it.
    """

    record_id: str = pa.Field(unique=True)
    source: str
    language: str
    messages: object
    prompt: str
    answer: str = pa.Field(str_length={"min_value": 1})
    origin: str = pa.Field(isin=["teacher", "source"])
    response_id: str = pa.Field(nullable=True)
    rating: float = pa.Field(ge=1, le=10, nullable=True)
    check: str = pa.Field(isin=["passed", "none"])
    parent_ids: object

    class Config:
        strict = True
