"""The rows of CSV and Parquet files, streamed."""

import csv
import io
import itertools
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.layout import unpacked
from instruction_tuning.canonical.raw_row import RawRow, is_encodable
from instruction_tuning.errors import InputError

_PARQUET_BATCH_ROWS = 1024
_MAX_CSV_CELL_CHARACTERS = 2**31 - 1
# Of text that is not UTF-8, of dates beyond Python's and of time zones that nobody knows; the number behind a
# date stands for it then.
_NO_PYTHON_VALUE = (ValueError, OverflowError, LookupError)


def csv_rows(path: Path) -> Iterator[RawRow]:
    """The rows below the header of a comma-separated file.

    A quote that is not closed would take the following rows into its cell: such a row costs its first
    line, and reading goes on at the next.
    """
    csv.field_size_limit(_MAX_CSV_CELL_CHARACTERS)  # the standard 128 KiB is less than a long answer
    with (
        unpacked(path) as binary,
        io.TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape", newline="") as stream,
    ):
        lines = _Lines(stream)
        reader = csv.reader(lines, strict=True)
        header = _csv_header(reader, path)
        for number in itertools.count():
            lines.begin_row()
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield _broken_csv_row(number, lines, error)
                continue
            if cells is None:
                return
            if cells:
                yield _csv_row(number, header, cells, lines)


class _Lines:
    """The lines of a file, of which those of the row being read can be given back."""

    def __init__(self, stream: Iterator[str]) -> None:
        self._stream = stream
        self._given_back: deque[str] = deque()
        self.row: list[str] = []
        self.first_line = 1

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        self.row.append(self._given_back.popleft() if self._given_back else next(self._stream))
        return self.row[-1]

    def begin_row(self) -> None:
        self.first_line += len(self.row)
        self.row.clear()

    def give_back_all_but_the_first(self) -> None:
        self._given_back.extendleft(reversed(self.row[1:]))
        del self.row[1:]

    def place(self) -> str:
        last = self.first_line + len(self.row) - 1
        return f"line {last}" if last == self.first_line else f"lines {self.first_line} to {last}"


def _csv_header(reader: Iterator[list[str]], path: Path) -> list[str]:
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise InputError(
            f"the header cannot be read: {error}", file=path, fix="check the quotes in the first line"
        ) from error
    if len(set(header)) < len(header):
        raise InputError(
            "two columns have the same name",
            file=path,
            field=str(header),
            fix="give each column its own name",
        )
    return header


def _broken_csv_row(number: int, lines: _Lines, error: csv.Error) -> RawRow:
    place = lines.place()
    lines.give_back_all_but_the_first()
    detail = f"a quote that opens in line {lines.first_line} is not closed properly ({place}: {error})"
    return RawRow(number, None, lines.row[0].rstrip("\r\n"), Fault("invalid_csv", detail=detail))


def _csv_row(number: int, header: list[str], cells: list[str], lines: _Lines) -> RawRow:
    if not all(is_encodable(cell) for cell in cells):
        return RawRow(number, None, ",".join(cells), Fault("invalid_encoding", detail="not UTF-8"))
    if len(cells) != len(header):
        detail = f"{len(cells)} cells under {len(header)} columns in {lines.place()}"
        return RawRow(number, None, ",".join(cells), Fault("wrong_column_count", detail=detail))
    return RawRow(number, dict(zip(header, cells, strict=True)))


def parquet_rows(path: Path) -> Iterator[RawRow]:
    """The rows of a Parquet file, read in batches."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_PARQUET_BATCH_ROWS):
                try:
                    objects = batch.to_pylist()
                except _NO_PYTHON_VALUE:
                    yield from _rows_one_by_one(batch, number)
                else:
                    yield from (RawRow(number + offset, fields) for offset, fields in enumerate(objects))
                number += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"the Parquet file cannot be read: {str(error)[:200]}", file=path, fix="write the file again"
        ) from error


def _rows_one_by_one(batch: Any, first_number: int) -> Iterator[RawRow]:
    for offset in range(batch.num_rows):
        fields: dict[str, object] = {}
        fault = None
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            try:
                fields[name] = column[offset].as_py()
            except UnicodeDecodeError:
                fault = Fault("invalid_encoding", detail="a text column holds bytes that are not UTF-8")
            except _NO_PYTHON_VALUE:
                fields[name] = getattr(column[offset], "value", None)
        yield RawRow(first_number + offset, None if fault else fields, "" if fault else None, fault)
