"""Frames from records and back: the columns and types that ingestion's datasets have, empty ones too."""

import json
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from instruction_tuning.canonical.raw_files import RawFile
from instruction_tuning.canonical.records import (
    CANONICAL_COLUMNS,
    LIST_COLUMNS,
    REJECTED_COLUMNS,
    CanonicalRecord,
    RejectedRecord,
)

DTYPES = dict.fromkeys(LIST_COLUMNS, "object") | {"similarity": "float64"}
REPAIR_DTYPES = {"source_row_id": "str", "field": "str", "repairs": "object", "before": "str"}


def canonical_frame(records: Sequence[CanonicalRecord]) -> pd.DataFrame:
    """One row a record; texts as Arrow strings, lists as Python lists."""
    return _frame(records, CANONICAL_COLUMNS)


def rejected_frame(records: Sequence[RejectedRecord]) -> pd.DataFrame:
    """One row a rejected record, all texts but the similarity."""
    return _frame(records, REJECTED_COLUMNS)


def repairs_frame(records: Sequence[CanonicalRecord]) -> pd.DataFrame:
    """One row a repaired text, with the text as it stood before."""
    rows = [
        (record.source_row_id, repair.field, list(repair.repairs), repair.before)
        for record in records
        for repair in record.repairs
    ]
    return pd.DataFrame(rows, columns=list(REPAIR_DTYPES)).astype(REPAIR_DTYPES)


def source_files_frame(
    files: Sequence[RawFile], records: Sequence[CanonicalRecord], rejected: Sequence[RejectedRecord]
) -> pd.DataFrame:
    """One row a raw file: name, digest, size, and how many of its rows became records."""
    counts = [
        Counter(one.source_row_id.partition(":")[0] for one in outcomes) for outcomes in (records, rejected)
    ]
    rows = [
        {
            "source": file.source,
            "file": file.path.name,
            "sha256": file.sha256,
            "bytes": file.path.stat().st_size,
            "records": counts[0][file.sha256[:12]],
            "unreadable": counts[1][file.sha256[:12]],
        }
        for file in files
    ]
    return pd.DataFrame(rows).astype({"source": "str", "file": "str", "sha256": "str"})


def _frame(records: Sequence[object], columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            column: pd.Series(
                [getattr(record, column) for record in records],
                dtype=DTYPES.get(column, "str"),
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
    collides_with: str,
    similarity: float,
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
        collides_with=collides_with,
        similarity=similarity,
    )
