"""The rows of a raw file, in whatever layout: JSON lines, a JSON array, CSV or Parquet.

A row that cannot be read is a row with a fault; only a file that cannot be opened at all raises. JSON
lines, CSV and Parquet are streamed; a JSON array is held in memory as text (about twice the file's size).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.raw_row import RawRow, is_encodable
from instruction_tuning.canonical.table_rows import csv_rows, parquet_rows

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANK = re.compile(r"[\s,]*")
_NEXT_OBJECT = re.compile(r"\}\s*,\s*(?=\{)")


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
    return _object_row(number, text, value)


def _object_row(number: int, text: str, value: object) -> RawRow:
    if not isinstance(value, dict):
        return RawRow(number, None, text, Fault("not_an_object", detail=f"a JSON {type(value).__name__}"))
    return RawRow(number, value, text)


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
        yield from _array_rows(text)
        return
    whole = _parsed(0, text)
    if start == "{" and whole.fields is not None:  # one object over many lines
        yield whole
        return
    del text
    yield from _line_rows(path)  # many data sets named .json hold JSON lines


def _array_rows(text: str) -> Iterator[RawRow]:
    """Elements one by one, so that a broken one costs only itself: reading goes on at the next `}, {`."""
    decoder = json.JSONDecoder()
    position, number = text.index("[") + 1, 0
    while True:
        position = _end_of_blank(text, position)
        if position >= len(text):
            yield RawRow(
                number, None, "", Fault("invalid_json", detail="the array is not closed: a cut-off file?")
            )
            return
        if text[position] == "]":
            if rest := text[position + 1 :].strip():
                yield RawRow(
                    number, None, rest, Fault("invalid_json", detail="text after the end of the array")
                )
            return
        try:
            value, end = decoder.raw_decode(text, position)
            original = text[position:end]
            row = (
                _object_row(number, original, value)
                if is_encodable(original)
                else RawRow(number, None, original, Fault("invalid_encoding", detail="not UTF-8"))
            )
        except (ValueError, RecursionError) as error:
            found = _NEXT_OBJECT.search(text, position)
            end = found.end() if found else len(text)
            original = text[position : found.start() + 1] if found else text[position:]
            row = RawRow(number, None, original, Fault("invalid_json", detail=str(error)[:200]))
            if not found:
                yield row
                return
        yield row
        position, number = end, number + 1


def _end_of_blank(text: str, position: int) -> int:
    found = _BLANK.match(text, position)
    return found.end() if found else position
