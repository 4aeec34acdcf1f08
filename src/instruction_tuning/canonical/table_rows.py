"""The rows of CSV and Parquet files, streamed."""

import csv
from collections.abc import Iterator
from pathlib import Path

from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.raw_row import RawRow, is_encodable
from instruction_tuning.errors import InputError

_PARQUET_BATCH_ROWS = 1024
_MAX_CSV_CELL_CHARACTERS = 2**31 - 1


def csv_rows(path: Path) -> Iterator[RawRow]:
    """The rows below the header of a comma-separated file."""
    csv.field_size_limit(_MAX_CSV_CELL_CHARACTERS)  # the standard 128 KiB is less than a long answer
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        reader = csv.reader(stream)
        header = next(reader, None)
        if header is None:
            return
        if len(set(header)) < len(header):
            raise InputError(
                "two columns have the same name",
                file=path,
                field=str(header),
                fix="give each column its own name",
            )
        number = -1
        while True:
            number += 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield RawRow(number, None, "", Fault("invalid_csv", detail=str(error)))
                continue
            if cells is None:
                return
            if cells:
                yield _csv_row(number, header, cells)


def _csv_row(number: int, header: list[str], cells: list[str]) -> RawRow:
    if not all(is_encodable(cell) for cell in cells):
        return RawRow(number, None, ",".join(cells), Fault("invalid_encoding", detail="not UTF-8"))
    if len(cells) != len(header):
        detail = f"{len(cells)} cells under {len(header)} columns"
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
                except UnicodeDecodeError:
                    yield from _rows_with_broken_text(batch, number)
                else:
                    yield from (RawRow(number + offset, fields) for offset, fields in enumerate(objects))
                number += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"the Parquet file cannot be read: {str(error)[:200]}", file=path, fix="write the file again"
        ) from error


def _rows_with_broken_text(batch: object, first_number: int) -> Iterator[RawRow]:
    import pyarrow as pa

    assert isinstance(batch, pa.RecordBatch)
    for offset in range(batch.num_rows):
        try:
            yield RawRow(first_number + offset, batch.slice(offset, 1).to_pylist()[0])
        except UnicodeDecodeError:
            fault = Fault("invalid_encoding", detail="a text column holds bytes that are not UTF-8")
            yield RawRow(first_number + offset, None, "", fault)
