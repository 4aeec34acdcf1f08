"""Prompts with the answers that are trained on."""

import pandera.pandas as pa


class VerifiedExamples(pa.DataFrameModel):
    """At most `answer_generation.max_answers_per_query` examples a selected query, the best first.

    `messages` ends with the assistant's `answer`. `parent_ids`: the record, then the response if a teacher
    gave it. `record_id` and `response_id` together name an example.
    """

    record_id: str
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
        unique = ("record_id", "response_id")
