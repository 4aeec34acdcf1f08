"""Canonical records: whatever the raw format, one form; and the pool, which holds each record once."""

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from instruction_tuning.schemas.list_columns import are_conversations, are_lists_of_texts

# Every format that has a question; plain texts become documents (source_documents.py).
FORMATS = (
    "alpaca",
    "belle",
    "sharegpt",
    "chat_messages",
    "self_instruct",
    "dolly",
    "gpteacher",
    "flan",
    "prompt_completion",
    "preference_pairs",
    "preference_conversations",
    "response_votes",
    "prompts",
)
# Two letters where the row names its language or the script tells it (en, zh), else `other`.
LANGUAGE = r"^([a-z]{2}|other)$"


class CanonicalInstructions(pa.DataFrameModel):
    """One readable row of a raw file. Exact duplicates share `record_id` and differ in `source_row_id`.

    `original_id` is what the row called itself where it came from; nothing makes it unique. `tests` and
    `constraints` are there where a record brings some: Python assertions, and a JSON list as
    `text/constraint_kinds.py` reads it.
    """

    record_id: Series[str] = pa.Field(str_matches=r"^[0-9a-f]{16}$")
    source_row_id: Series[str] = pa.Field(unique=True, str_matches=r"^[0-9a-f]{12}:\d+$")
    source: Series[str]
    format: Series[str] = pa.Field(isin=FORMATS)
    language: Series[str] = pa.Field(str_matches=LANGUAGE)
    category: Series[str] = pa.Field(nullable=True)
    licence: Series[str] = pa.Field(nullable=True)
    messages: Series[Any]
    prompt: Series[str] = pa.Field(str_length={"min_value": 1})
    answer: Series[str] = pa.Field(nullable=True, str_length={"min_value": 1})
    flags: Series[Any]
    parent_ids: Series[Any]
    original_id: Series[str] = pa.Field(nullable=True)
    tests: Series[Any] | None = pa.Field(nullable=True)
    constraints: Series[str] | None = pa.Field(nullable=True)

    class Config:
        strict = True

    @pa.check("messages", name="is_conversation")
    def _messages_are_turns(cls, messages: "pd.Series[Any]") -> "pd.Series[bool]":
        return are_conversations(messages)

    @pa.check("flags", "parent_ids", "tests", name="is_list_of_texts")
    def _lists_hold_texts(cls, lists: "pd.Series[Any]") -> "pd.Series[bool]":
        return are_lists_of_texts(lists)


class InstructionPool(CanonicalInstructions):
    """Canonical records after duplicates and benchmark leaks were removed."""

    record_id: Series[str] = pa.Field(unique=True, str_matches=r"^[0-9a-f]{16}$")
