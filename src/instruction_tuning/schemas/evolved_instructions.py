"""Every instruction of every round of evolution: where it came from, what became of it, and what it cost."""

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from instruction_tuning.schemas.list_columns import are_lists_of_texts

STATUSES = ("seed", "kept", "dropped", "failed", "stopped")
REASONS = (
    *("no_reply", "declined", "no_information_gain", "leaked_prompt", "too_long", "wrong_language"),
    *("missing_material", "unanswerable", "unreadable_check", "no_check", "no_answer", "answer_cut"),
    *("answer_says_nothing", "answer_apologises", "answer_empty", "answer_refusal", "answer_echo"),
    *("answer_language", "unchanged_code", "not_mastered", "not_measured"),
)


class EvolvedInstructions(pa.DataFrameModel):
    """One version of an instruction a row; round 0 are the seeds, whose ids are record ids.

    `parent_ids` names the version that it was made of, `reply` is the model's text as it came, `instruction`
    and `answer` what was read from it; `finish_reason` is that of the answer. `mastery_rate` says how well
    the model to be trained does the *parent*, by what `mastery_by` names. Cost columns add up to what was
    paid.
    """

    evolution_id: Series[str] = pa.Field(unique=True)
    root_id: Series[str]
    parent_ids: Series[Any]
    round: Series[int] = pa.Field(ge=0)
    kind: Series[str] = pa.Field(isin=["text", "code"])
    operation: Series[str] = pa.Field(nullable=True)
    source: Series[str]
    language: Series[str]
    category: Series[str] = pa.Field(nullable=True)
    licence: Series[str] = pa.Field(nullable=True)
    prompt_digest: Series[str] = pa.Field(nullable=True, str_matches=r"^[0-9a-f]{12}\+[0-9a-f]{12}$")
    reply: Series[str] = pa.Field(nullable=True)
    instruction: Series[str] = pa.Field(nullable=True)
    answer: Series[str] = pa.Field(nullable=True)
    finish_reason: Series[str] = pa.Field(nullable=True)
    status: Series[str] = pa.Field(isin=STATUSES)
    reason: Series[str] = pa.Field(isin=REASONS, nullable=True)
    detail: Series[str] = pa.Field(nullable=True)
    mastery_rate: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    mastery_by: Series[str] = pa.Field(isin=["arithmetic", "reference", "likelihood"], nullable=True)
    requests: Series[int] = pa.Field(ge=0)
    prompt_tokens: Series[int] = pa.Field(ge=0)
    completion_tokens: Series[int] = pa.Field(ge=0)
    price_usd: Series[float] = pa.Field(ge=0, nullable=True)

    class Config:
        strict = True
        unique = ("root_id", "round")

    @pa.check("parent_ids", name="is_list_of_texts")
    def _lists_hold_texts(cls, lists: "pd.Series[Any]") -> "pd.Series[bool]":
        return are_lists_of_texts(lists)

    @pa.dataframe_check(error="what is a seed or kept has no reason, everything else has one")
    def reason_fits_the_status(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        return frame["reason"].isna() == frame["status"].isin(["seed", "kept"])

    @pa.dataframe_check(error="a kept version has an instruction and an answer, and was made by an operation")
    def what_is_kept_is_complete(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        complete = frame[["instruction", "answer", "operation"]].notna().all(axis="columns")
        return complete | (frame["status"] != "kept")
