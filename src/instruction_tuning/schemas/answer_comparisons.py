"""Preference data of raw files: two answers to the question of a record, and which one people preferred."""

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from instruction_tuning.schemas.canonical_instructions import FORMATS
from instruction_tuning.schemas.list_columns import are_conversations


class AnswerComparisons(pa.DataFrameModel):
    """One compared pair a row; `source_row_id` is that of the record in `canonical_instructions` whose answer
    is the preferred one.

    `messages` is the conversation up to the question. `verdict`, votes and scores are null where they were
    not measured; an answer may be empty.
    """

    source_row_id: Series[str] = pa.Field(unique=True, str_matches=r"^[0-9a-f]{12}:\d+$")
    record_id: Series[str] = pa.Field(str_matches=r"^[0-9a-f]{16}$")
    source: Series[str]
    format: Series[str] = pa.Field(isin=FORMATS)
    messages: Series[Any]
    first: Series[str]
    second: Series[str]
    verdict: Series[str] = pa.Field(nullable=True, isin=["first", "second", "tie"])
    first_votes: Series[pd.Int64Dtype] = pa.Field(nullable=True, ge=0)
    second_votes: Series[pd.Int64Dtype] = pa.Field(nullable=True, ge=0)
    tie_votes: Series[pd.Int64Dtype] = pa.Field(nullable=True, ge=0)
    first_score: Series[float] = pa.Field(nullable=True, ge=0)
    second_score: Series[float] = pa.Field(nullable=True, ge=0)

    class Config:
        strict = True

    @pa.check("messages", name="is_conversation")
    def _messages_are_turns(cls, messages: "pd.Series[Any]") -> "pd.Series[bool]":
        return are_conversations(messages)
