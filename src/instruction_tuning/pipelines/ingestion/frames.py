"""Frames from records and back: the columns and types that ingestion's datasets have, empty ones too."""

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar, overload

import pandas as pd
import pyarrow as pa

from instruction_tuning.canonical.raw_files import RawFile
from instruction_tuning.canonical.records import (
    CANONICAL_COLUMNS,
    COMPARISON_COLUMNS,
    DOCUMENT_COLUMNS,
    LIST_COLUMNS,
    OPTIONAL_COLUMNS,
    REJECTED_COLUMNS,
    CanonicalRecord,
    RejectedRecord,
    SourceDocument,
)
from instruction_tuning.canonical.row_outcome import Outcome

# Rows are held as objects only until so many are there: a frame takes a fraction of their memory.
CHUNK_ROWS = 50_000
# Of the text that a row was rejected for, so many are quoted in its detail.
SHOWN_CHARACTERS = 300
# Lists stay Arrow: a million conversations as Python lists of dictionaries take over a gigabyte.
_TEXTS = pd.ArrowDtype(pa.list_(pa.large_string()))
_MESSAGES = pd.ArrowDtype(pa.list_(pa.struct([("role", pa.large_string()), ("content", pa.large_string())])))
DTYPES: dict[str, Any] = (
    dict.fromkeys(LIST_COLUMNS, _TEXTS)
    | {"messages": _MESSAGES}
    | dict.fromkeys(("similarity", "first_score", "second_score"), "float64")
    | dict.fromkeys(("first_votes", "second_votes", "tie_votes"), "Int64")
)
REPAIR_DTYPES: dict[str, Any] = {"source_row_id": "str", "field": "str", "repairs": _TEXTS, "before": "str"}


_Row = TypeVar("_Row")


@dataclass(frozen=True)
class ReadFrames:
    """What reading makes of raw files: every row is in one of `canonical`, `documents` and `rejected`."""

    canonical: pd.DataFrame
    documents: pd.DataFrame
    rejected: pd.DataFrame
    repairs: pd.DataFrame
    comparisons: pd.DataFrame


def read_frames(outcomes: Iterable[Outcome], *, chunk_rows: int = CHUNK_ROWS) -> ReadFrames:
    """The frames of all `outcomes`, which are taken `chunk_rows` at a time."""
    chunks = [_chunk_frames(chunk) for chunk in _chunks(outcomes, chunk_rows)] or [_chunk_frames([])]
    names = [field.name for field in fields(ReadFrames)]
    frames = {
        name: getattr(chunks[0], name)
        if len(chunks) == 1
        else pd.concat([getattr(chunk, name) for chunk in chunks], ignore_index=True)
        for name in names
    }
    canonical = frames["canonical"]
    unused = [name for name in OPTIONAL_COLUMNS if canonical[name].isna().all()]
    return ReadFrames(**frames | {"canonical": canonical.drop(columns=unused)})


def _chunks(rows: Iterable[_Row], size: int) -> Iterator[list[_Row]]:
    iterator = iter(rows)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk


def _chunk_frames(outcomes: Sequence[Outcome]) -> ReadFrames:
    records = [one for one in outcomes if isinstance(one, CanonicalRecord)]
    documents = [one for one in outcomes if isinstance(one, SourceDocument)]
    compared = [record.comparison for record in records if record.comparison is not None]
    return ReadFrames(
        canonical=canonical_frame(records),
        documents=_frame(documents, DOCUMENT_COLUMNS),
        rejected=rejected_frame([one for one in outcomes if isinstance(one, RejectedRecord)]),
        repairs=repairs_frame([*records, *documents]),
        comparisons=_frame(compared, COMPARISON_COLUMNS),
    )


def canonical_frame(records: Sequence[CanonicalRecord]) -> pd.DataFrame:
    """One row a record; texts as Arrow strings, lists as Python lists."""
    return _frame(records, CANONICAL_COLUMNS)


def rejected_frame(records: Sequence[RejectedRecord]) -> pd.DataFrame:
    """One row a rejected record, all texts but the similarity."""
    return _frame(records, REJECTED_COLUMNS)


def repairs_frame(records: Sequence[CanonicalRecord | SourceDocument]) -> pd.DataFrame:
    """One row a repaired text, with the text as it stood before."""
    rows = [(record.source_row_id, repair) for record in records for repair in record.repairs]
    columns = {
        "source_row_id": [row_id for row_id, _ in rows],
        "field": [repair.field for _, repair in rows],
        "repairs": [list(repair.repairs) for _, repair in rows],
        "before": [repair.before for _, repair in rows],
    }
    return pd.DataFrame(
        {name: pd.Series(values, dtype=REPAIR_DTYPES[name]) for name, values in columns.items()}
    )


def source_files_frame(files: Sequence[RawFile], frames: ReadFrames) -> pd.DataFrame:
    """One row a raw file: name, digest, size, and how many of its rows became records or documents."""
    counts = {
        name: frame["source_row_id"].str.slice(0, 12).value_counts().to_dict()
        for name, frame in (
            ("records", frames.canonical),
            ("documents", frames.documents),
            ("unreadable", frames.rejected),
        )
    }
    rows = [
        {
            "source": file.source,
            "file": file.path.name,
            "sha256": file.sha256,
            "bytes": file.path.stat().st_size,
            **{name: int(of_file.get(file.sha256[:12], 0)) for name, of_file in counts.items()},
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


class Messages(Sequence[list[dict[str, str]]]):
    """The `messages` column of a frame; each conversation becomes Python's when it is asked for, and no
    sooner."""

    def __init__(self, column: "pd.Series[Any]") -> None:
        self._column = column.array

    def __len__(self) -> int:
        return len(self._column)

    @overload
    def __getitem__(self, position: int) -> list[dict[str, str]]: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[list[dict[str, str]]]: ...
    def __getitem__(self, position: int | slice) -> Any:
        if isinstance(position, slice):
            return [self[index] for index in range(len(self))[position]]
        return [dict(message) for message in self._column[position]]

    def __iter__(self) -> Iterator[list[dict[str, str]]]:
        return ([dict(message) for message in messages] for messages in self._column)


def messages_of(frame: pd.DataFrame) -> Messages:
    """The `messages` column, in which each conversation is a list of dicts."""
    return Messages(frame["messages"])


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
