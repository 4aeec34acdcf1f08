"""From raw files to canonical records: every row becomes a record or a rejected record, never neither or
both."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from instruction_tuning.canonical.cleaning import ReadingRules, clean_label, clean_messages
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.formats import FORMATS, detect_format
from instruction_tuning.canonical.raw_files import RawFile, is_json_lines
from instruction_tuning.canonical.raw_row import RawRow, printable
from instruction_tuning.canonical.records import (
    CanonicalRecord,
    RejectedRecord,
    record_id_of,
    source_row_id_of,
)
from instruction_tuning.canonical.rows import rows_of
from instruction_tuning.text.languages import language_of

DETECTION_ROWS = 1000


@dataclass(frozen=True)
class FileReading:
    """A file being read. `format` is null when not one of the first rows could be read."""

    file: RawFile
    format: str | None
    rows: Iterator[CanonicalRecord | RejectedRecord]


def read_file(file: RawFile, rules: ReadingRules) -> FileReading:
    """Detect the file's format and read its rows, lazily and in order.

    Raises `UnknownFormatError` when the rows fit no known format.
    """
    rows = rows_of(file.path)
    first_rows = list(itertools.islice(rows, DETECTION_ROWS))
    sample = [row.fields for row in first_rows if row.fields is not None]
    name: str | None = rules.format
    if rules.format == "auto":
        # CSV and Parquet rows have no text of their own, and the text of an array's element may span lines.
        name = (
            detect_format(
                file.path,
                sample,
                is_json_lines=is_json_lines(file),
                require_answer=rules.require_answer,
            )
            if sample
            else None
        )
    all_rows = itertools.chain(first_rows, rows)
    return FileReading(file, name, (_outcome(row, file, name or "alpaca", rules) for row in all_rows))


def read_files(
    files: Iterable[RawFile], rules: ReadingRules
) -> tuple[list[CanonicalRecord], list[RejectedRecord]]:
    """All rows of all files, as records and rejected records."""
    records: list[CanonicalRecord] = []
    rejected: list[RejectedRecord] = []
    for file in files:
        for outcome in read_file(file, rules).rows:
            if isinstance(outcome, CanonicalRecord):
                records.append(outcome)
            else:
                rejected.append(outcome)
    return records, rejected


def _outcome(
    row: RawRow, file: RawFile, format_name: str, rules: ReadingRules
) -> CanonicalRecord | RejectedRecord:
    source_row_id = source_row_id_of(file.sha256, row.number)
    if row.fields is None:
        result: CanonicalRecord | Fault = row.fault or Fault("not_an_object")
    else:
        result = _record(row.fields, source_row_id, file.source, format_name, rules)
    if isinstance(result, CanonicalRecord):
        return result
    return RejectedRecord(
        source_row_id=source_row_id,
        source=file.source,
        record_id=None,
        stage=result.stage,
        reason=result.reason,
        field=result.field,
        detail=None if result.detail is None else printable(result.detail),
        raw=row.original(),
    )


def _record(
    fields: Mapping[str, object], source_row_id: str, source: str, format_name: str, rules: ReadingRules
) -> CanonicalRecord | Fault:
    conversation = FORMATS[format_name](fields, require_answer=rules.require_answer)
    if isinstance(conversation, Fault):
        return conversation
    repairs = list(conversation.repairs)
    messages = clean_messages(conversation.turns, rules, repairs)
    if isinstance(messages, Fault):
        return messages
    has_answer = messages[-1]["role"] == "assistant"
    prompt = messages[-2 if has_answer else -1]["content"]
    category = clean_label(fields, ("category",), repairs)
    licence = clean_label(fields, ("licence", "license"), repairs)
    return CanonicalRecord(
        record_id=record_id_of(messages),
        source_row_id=source_row_id,
        source=source,
        format=format_name,
        language=language_of(prompt),
        category=category,
        licence=licence,
        messages=messages,
        prompt=prompt,
        answer=messages[-1]["content"] if has_answer else None,
        flags=sorted({change for one in repairs for change in one.repairs}),
        parent_ids=[],
        repairs=tuple(repairs),
    )
