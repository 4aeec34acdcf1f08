"""A few rows of a large Parquet file, found without decoding the rest of it.

The key column is read one row group at a time, the wanted columns only of row groups that hold a match. Time
O(rows) for the key, memory that of one row group.
"""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from instruction_tuning.errors import InputError


def find_rows(
    path: Path, key: str, values: Collection[str], columns: list[str] | None = None
) -> list[dict[str, Any]]:
    """The rows whose `key` is one of `values`, or, where `key` holds lists, contains one of them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array(sorted(values), type=pa.string())

    def positions(column: Any) -> Any:
        column = column.combine_chunks()
        if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            hits = pc.is_in(pc.list_flatten(column).cast(pa.string()), value_set=wanted)
            return pc.unique(pc.filter(pc.list_parent_indices(column), hits))
        return pc.indices_nonzero(pc.is_in(column.cast(pa.string()), value_set=wanted))

    return [row for table in _matches(path, key, columns, positions) for row in table.to_pylist()]


def starting_with(path: Path, key: str, prefix: str, *, limit: int) -> list[str]:
    """Up to `limit` different values of `key` that begin with `prefix`, sorted within a row group."""
    import pyarrow.compute as pc

    found: dict[str, None] = {}
    tables = _matches(path, key, [key], lambda column: pc.indices_nonzero(pc.starts_with(column, prefix)))
    for table in tables:
        found |= dict.fromkeys(sorted(table.column(key).to_pylist()))
        if len(found) >= limit:
            break
    return list(found)[:limit]


def read_columns(path: Path, columns: list[str]) -> Any:
    """Whole columns as a pandas frame with Arrow strings."""
    import pandas as pd

    require_columns(path, columns)
    return pd.read_parquet(path, columns=columns)


def require_columns(path: Path, columns: Collection[str]) -> None:
    """Raise `InputError` where the file lacks one of `columns`: an older state of this project wrote it."""
    there = column_names(path)
    missing = next((column for column in columns if column not in there), None)
    if missing is not None:
        raise InputError(
            "an older version of this project wrote these data, without the column that is asked for",
            file=path,
            field=missing,
            fix="run the pipeline again (`kedro run`), and ask about what it has made",
        )


def column_names(path: Path) -> list[str]:
    """From the footer alone."""
    import pyarrow.parquet as pq

    return list(pq.read_schema(path).names)


def count_rows(path: Path) -> int:
    """From the footer alone."""
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def count_lines(path: Path) -> int:
    """Lines of JSON Lines that are not blank, in the memory of one line."""
    with path.open("rb") as lines:
        return sum(1 for line in lines if line.strip())


def _matches(
    path: Path, key: str, columns: list[str] | None, positions: Callable[[Any], Any]
) -> Iterator[Any]:
    import pyarrow.parquet as pq

    require_columns(path, [key, *(columns or ())])
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            found = positions(file.read_row_group(group, columns=[key]).column(0))
            if len(found):
                yield file.read_row_group(group, columns=columns).take(found)
