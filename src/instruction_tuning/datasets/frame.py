"""Data frames in Parquet."""

import json
from typing import Any

import pandas as pd
from kedro.io import DatasetError
from kedro_datasets._typing import TablePreview
from kedro_datasets.pandas import ParquetDataset

from instruction_tuning.datasets.atomic import publish
from instruction_tuning.datasets.remote import is_remote, put, stored_bytes
from instruction_tuning.errors import WorkspaceError

PREVIEW_CHARACTERS = 160
# One record is found without decoding the texts of a million others (lineage/rows.py).
ROW_GROUP_ROWS = 50_000


class FrameDataset(ParquetDataset):
    """A pandas frame in one Parquet file, published by one rename, or by one upload (s3://, gs://).

    It is written in row groups of `ROW_GROUP_ROWS`.

    Columns may hold lists and structs; they come back as numpy arrays and dictionaries, or with `arrow_lists`
    as Arrow columns, which take a fifth of the memory and give lists and dictionaries when they are looked
    into.
    """

    def __init__(self, *, arrow_lists: bool = False, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._arrow_lists = arrow_lists

    def load(self) -> pd.DataFrame:
        """The frame. `WorkspaceError` for half a file, as a copy that broke off leaves one."""
        import pyarrow as pa

        try:
            return self._read_arrow_lists() if self._arrow_lists else super().load()
        except (DatasetError, pa.ArrowInvalid) as error:
            if not isinstance(error, pa.ArrowInvalid) and not isinstance(error.__cause__, pa.ArrowInvalid):
                raise
            raise WorkspaceError(
                "this is no whole Parquet file",
                file=self._get_load_path(),
                fix="delete the folder of that version, or name another with --load-versions",
            ) from error

    def _read_arrow_lists(self) -> pd.DataFrame:
        import pyarrow as pa
        import pyarrow.parquet as pq

        # A row group after the other: all at once takes twice the memory while it is decoded.
        with pq.ParquetFile(self._source()) as file:
            groups = [file.read_row_group(group, **self._load_args) for group in range(file.num_row_groups)]
            table = pa.concat_tables(groups) if groups else file.read(**self._load_args)
            del groups
        # The table is given up column by column, so that there are never two of all.
        frame = table.to_pandas(types_mapper=_nested_as_arrow, split_blocks=True, self_destruct=True)
        pa.default_memory_pool().release_unused()  # half as much again, which Arrow keeps for later
        return frame

    def save(self, data: pd.DataFrame) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        arguments = {"row_group_size": ROW_GROUP_ROWS} | self._save_args
        table = _table(data)
        if is_remote(self):
            sink = pa.BufferOutputStream()
            pq.write_table(table, sink, **arguments)
            put(self, sink.getvalue().to_pybytes())
        else:
            with publish(self._get_save_path(), versioned=bool(self._version)) as path:
                pq.write_table(table, path, **arguments)
        self._invalidate_cache()

    def first_rows(self, count: int) -> list[dict[str, Any]]:
        """Up to `count` rows with Python's own lists, read without loading the rest of the file."""
        return self._first(count)[0]

    def preview(self, nrows: int = 5) -> TablePreview:
        """The same as a table, with long texts cut."""
        return preview_table(*self._first(nrows))

    def _first(self, count: int) -> tuple[list[dict[str, Any]], list[str]]:
        """The rows, and the columns, which rows that are not there do not tell."""
        import pyarrow.parquet

        with pyarrow.parquet.ParquetFile(self._source()) as file:
            batches = file.iter_batches(batch_size=count)
            rows = next(batches).to_pylist() if file.metadata.num_rows else []
            return rows, file.schema_arrow.names

    def _source(self) -> Any:
        import io

        return io.BytesIO(stored_bytes(self)) if is_remote(self) else str(self._get_load_path())


def _nested_as_arrow(kind: Any) -> Any:
    """The pandas type of Arrow's lists and structs; null leaves the others to pandas."""
    import pyarrow as pa

    return pd.ArrowDtype(kind) if pa.types.is_nested(kind) else None


def _table(data: pd.DataFrame) -> Any:
    """`data` as Arrow, described so that any pandas reads it: pandas cannot parse its own names of nested
    Arrow types (pandas issue 53011)."""
    import pyarrow as pa

    table = pa.Table.from_pandas(data)
    facts = json.loads(table.schema.metadata[b"pandas"])
    nested = {field.name for field in table.schema if pa.types.is_nested(field.type)}
    for column in facts["columns"]:
        if column["name"] in nested:
            column["numpy_type"] = "object"
    return table.replace_schema_metadata(table.schema.metadata | {b"pandas": json.dumps(facts).encode()})


def preview_table(rows: list[dict[str, Any]], columns: list[str]) -> TablePreview:
    """What kedro-viz draws as a table: pandas' `split` layout of short, JSON-safe values."""
    return TablePreview(
        {
            "index": list(range(len(rows))),
            "columns": columns,
            "data": [[_short(row[column]) for column in columns] for row in rows],
        }
    )


def _short(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return round(value, 6) if value == value else None
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= PREVIEW_CHARACTERS else text[: PREVIEW_CHARACTERS - 1] + "…"
