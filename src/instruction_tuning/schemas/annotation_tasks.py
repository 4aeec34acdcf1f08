"""What people are asked to do with answers."""

from typing import Any

import pandas as pd
import pandera.pandas as pa

from instruction_tuning.schemas.list_columns import are_conversations

KINDS = ("rewrite", "correct", "review", "compare")


class AnnotationTasks(pa.DataFrameModel):
    """One task a row, in the order of work; `annotation.tasks.Task` says what the columns hold."""

    task_id: str = pa.Field(unique=True, str_matches=r"^[0-9a-f]{16}$")
    kind: str = pa.Field(isin=KINDS)
    record_id: str
    messages: object
    before: str
    other: str = pa.Field(nullable=True)
    before_id: str = pa.Field(nullable=True)
    other_id: str = pa.Field(nullable=True)
    origin: str
    annotators: int = pa.Field(ge=1)
    position: int = pa.Field(ge=0, unique=True)

    class Config:
        strict = True

    @pa.check("messages", name="is_conversation")
    def messages_are_turns(cls, messages: "pd.Series[Any]") -> "pd.Series[bool]":
        return are_conversations(messages)

    @pa.dataframe_check(error="a comparison has two answers, nothing else has")
    def a_comparison_has_two_answers(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        return frame["other"].notna() == (frame["kind"] == "compare")
