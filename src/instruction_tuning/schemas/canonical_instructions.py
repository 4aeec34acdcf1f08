"""Canonical records: whatever the raw format, one form; and the pool, which holds each record once."""

from collections.abc import Iterable

import pandera.pandas as pa
from pandera.typing.pandas import Series

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
ROLES = ("system", "user", "assistant")


def is_conversation(messages: object) -> bool:
    """Whether `messages` are turns of known roles that all say something."""
    if isinstance(messages, str) or not isinstance(messages, Iterable):
        return False
    turns = list(messages)
    well_formed = all(
        isinstance(turn, dict)
        and turn.get("role") in ROLES
        and isinstance(turn.get("content"), str)
        and turn["content"] != ""
        for turn in turns
    )
    return bool(turns) and well_formed


def is_list_of_texts(values: object) -> bool:
    """Whether `values` holds texts and nothing else; a text itself is no list."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        return False
    return all(isinstance(value, str) for value in values)


class CanonicalInstructions(pa.DataFrameModel):
    """One readable row of a raw file. Exact duplicates share `record_id` and differ in `source_row_id`.

    `original_id` is what the row called itself where it came from; nothing makes it unique.
    """

    record_id: Series[str] = pa.Field(str_matches=r"^[0-9a-f]{16}$")
    source_row_id: Series[str] = pa.Field(unique=True, str_matches=r"^[0-9a-f]{12}:\d+$")
    source: Series[str]
    format: Series[str] = pa.Field(isin=FORMATS)
    language: Series[str] = pa.Field(str_matches=LANGUAGE)
    category: Series[str] = pa.Field(nullable=True)
    licence: Series[str] = pa.Field(nullable=True)
    messages: Series[object]
    prompt: Series[str] = pa.Field(str_length={"min_value": 1})
    answer: Series[str] = pa.Field(nullable=True, str_length={"min_value": 1})
    flags: Series[object]
    parent_ids: Series[object]
    original_id: Series[str] = pa.Field(nullable=True)

    class Config:
        strict = True

    @pa.check("messages", name="is_conversation", element_wise=True)
    def _messages_are_turns(cls, messages: object) -> bool:
        return is_conversation(messages)

    @pa.check("flags", name="is_list_of_texts", element_wise=True)
    def _flags_are_texts(cls, flags: object) -> bool:
        return is_list_of_texts(flags)

    @pa.check("parent_ids", name="is_list_of_texts", element_wise=True)
    def _parents_are_texts(cls, parent_ids: object) -> bool:
        return is_list_of_texts(parent_ids)


class InstructionPool(CanonicalInstructions):
    """Canonical records after duplicates and benchmark leaks were removed."""

    record_id: Series[str] = pa.Field(unique=True, str_matches=r"^[0-9a-f]{16}$")
