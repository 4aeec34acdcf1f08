"""Frames from records and back: the columns and types that ingestion's datasets have, empty ones too."""

import json
from collections.abc import Sequence

import pandas as pd

from instruction_tuning.canonical.records import (
    CANONICAL_COLUMNS,
    LIST_COLUMNS,
    REJECTED_COLUMNS,
    CanonicalRecord,
    RejectedRecord,
)


def canonical_frame(records: Sequence[CanonicalRecord]) -> pd.DataFrame:
    """One row a record; texts as Arrow strings, lists as Python lists."""
    return _frame(records, CANONICAL_COLUMNS)


def rejected_frame(records: Sequence[RejectedRecord]) -> pd.DataFrame:
    """One row a rejected record, all texts."""
    return _frame(records, REJECTED_COLUMNS)


def _frame(records: Sequence[object], columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            column: pd.Series(
                [getattr(record, column) for record in records],
                dtype="object" if column in LIST_COLUMNS else "str",
            )
            for column in columns
        }
    )


def messages_of(frame: pd.DataFrame) -> list[list[dict[str, str]]]:
    """The `messages` column as lists of dicts (Parquet gives arrays)."""
    return [[dict(message) for message in messages] for messages in frame["messages"]]


def answers_of(frame: pd.DataFrame) -> list[str | None]:
    """The `answer` column with None for missing ones."""
    return [None if pd.isna(answer) else str(answer) for answer in frame["answer"]]


def reject(
    frame: pd.DataFrame,
    position: int,
    messages: list[dict[str, str]],
    *,
    stage: str,
    reason: str,
    detail: str,
) -> RejectedRecord:
    """The rejected record for row `position` of a canonical frame; its original text is its messages as
    JSON."""
    return RejectedRecord(
        source_row_id=str(frame["source_row_id"].iat[position]),
        source=str(frame["source"].iat[position]),
        record_id=str(frame["record_id"].iat[position]),
        stage=stage,
        reason=reason,
        field=None,
        detail=detail,
        raw=json.dumps(messages, ensure_ascii=False),
    )
