"""The rows of a raw file, in whatever layout: JSON lines, a JSON array, CSV or Parquet.

A row that cannot be read is a row with a fault; only a file that cannot be opened at all raises. JSON
lines, CSV and Parquet are streamed; a JSON array is held in memory as text (about twice the file's size).
"""

import json
from collections.abc import Iterator
from pathlib import Path

from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.json_array import array_rows, object_row
from instruction_tuning.canonical.raw_row import RawRow, is_encodable
from instruction_tuning.canonical.table_rows import csv_rows, parquet_rows

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def rows_of(path: Path) -> Iterator[RawRow]:
    """The rows of the file at `path`; blank lines are no rows."""
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return parquet_rows(path)
    if suffix == ".csv":
        return csv_rows(path)
    if suffix == ".json":
        return _json_rows(path)
    return _line_rows(path)


def _parsed(number: int, text: str) -> RawRow:
    if not is_encodable(text):
        return RawRow(number, None, text, Fault("invalid_encoding", detail="not UTF-8"))
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return RawRow(number, None, text, Fault("invalid_json", detail=str(error)[:200]))
    return object_row(number, text, value)


def _line_rows(path: Path) -> Iterator[RawRow]:
    # Split at bytes: str.splitlines would also cut at U+2028 and the like, which JSON allows inside a text.
    with path.open("rb") as stream:
        for number, line in enumerate(stream):
            if number == 0:
                line = line.removeprefix(_BYTE_ORDER_MARK)
            text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
            if text.strip():
                yield _parsed(number, text)


def _json_rows(path: Path) -> Iterator[RawRow]:
    text = path.read_bytes().removeprefix(_BYTE_ORDER_MARK).decode("utf-8", "surrogateescape")
    start = text.lstrip()[:1]
    if start == "[":
        yield from array_rows(text)
        return
    whole = _parsed(0, text)
    if start == "{" and whole.fields is not None:  # one object over many lines
        yield whole
        return
    del text
    yield from _line_rows(path)  # many data sets named .json hold JSON lines
