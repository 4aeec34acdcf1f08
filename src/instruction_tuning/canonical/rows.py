"""The rows of a raw file, in whatever layout: JSON lines, a JSON array, CSV, Parquet, or one text.

A row that cannot be read is a row with a fault; only a file that cannot be opened or unpacked at all raises.
All layouts are streamed, a JSON array up to its first fault (`json_array.py`); a text is one row, whole.
"""

import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.json_array import object_row, streamed_array_rows
from instruction_tuning.canonical.layout import BYTE_ORDER_MARK, TEXT, layout_of, unpacked
from instruction_tuning.canonical.raw_row import RawRow, is_encodable
from instruction_tuning.canonical.table_rows import csv_rows, parquet_rows

# One JSON object over many lines is read whole; a longer file that begins with a brace has one a line.
_LONGEST_SINGLE_OBJECT = 1 << 26


def rows_of(path: Path) -> Iterator[RawRow]:
    """The rows of the file at `path`; blank lines are no rows."""
    layout = layout_of(path)
    if layout == ".parquet":
        return parquet_rows(path)
    if layout == ".csv":
        return csv_rows(path)
    if layout == ".json":
        return _json_rows(path)
    if layout == TEXT:
        return _text_rows(path)
    return _line_rows(path)


def parsed_row(number: int, text: str) -> RawRow:
    """The row that `text`, one JSON object, is."""
    if not is_encodable(text):
        return RawRow(number, None, text, Fault("invalid_encoding", detail="not UTF-8"))
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return RawRow(number, None, text, Fault("invalid_json", detail=str(error)[:200]))
    return object_row(number, text, value)


def _line_rows(path: Path) -> Iterator[RawRow]:
    # Split at bytes: str.splitlines would also cut at U+2028 and the like, which JSON allows inside a text.
    with unpacked(path) as stream:
        for number, line in enumerate(stream):
            if number == 0:
                line = line.removeprefix(BYTE_ORDER_MARK)
            text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
            if text.strip():
                yield parsed_row(number, text)


def _text_rows(path: Path) -> Iterator[RawRow]:
    with unpacked(path) as stream:
        text = stream.read().decode("utf-8-sig", "surrogateescape")
    if not text:
        return
    if is_encodable(text):
        yield RawRow(0, {"text": text, "file": path.name}, text)
    else:
        yield RawRow(0, None, text, Fault("invalid_encoding", detail="not UTF-8"))


def _json_rows(path: Path) -> Iterator[RawRow]:
    with unpacked(path) as stream, _text_of(stream) as text:
        start = _up_to_a_character(text)
        if start.endswith("["):
            yield from streamed_array_rows(start, text.read)
            return
        whole = start + text.read(_LONGEST_SINGLE_OBJECT)
        is_whole = not text.read(1)
    if start.endswith("{") and is_whole:
        only = parsed_row(0, whole)
        if only.fields is not None:  # one object over many lines
            yield only
            return
    del whole
    yield from _line_rows(path)  # many data sets named .json hold JSON lines


def _text_of(stream: BinaryIO) -> io.TextIOWrapper:
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")


def _up_to_a_character(text: io.TextIOWrapper) -> str:
    """White space and the first character behind it; what was read of an empty file."""
    read = itertools.takewhile(bool, iter(lambda: text.read(1), None))
    start = ""
    for character in read:
        start += character
        if not character.isspace():
            break
    return start
