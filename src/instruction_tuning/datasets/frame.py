"""Data frames in Parquet."""

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

    Columns may hold lists and structs; they come back as numpy arrays and dictionaries.
    """

    def load(self) -> pd.DataFrame:
        """The frame. `WorkspaceError` for half a file, as a copy that broke off leaves one."""
        try:
            return super().load()
        except DatasetError as error:
            if type(error.__cause__).__name__ != "ArrowInvalid":
                raise
            raise WorkspaceError(
                "this is no whole Parquet file",
                file=self._get_load_path(),
                fix="delete the folder of that version, or name another with --load-versions",
            ) from error

    def save(self, data: pd.DataFrame) -> None:
        arguments = {"row_group_size": ROW_GROUP_ROWS} | self._save_args
        if is_remote(self):
            put(self, data.to_parquet(None, **arguments))
        else:
            with publish(self._get_save_path(), versioned=bool(self._version)) as path:
                data.to_parquet(path, **arguments)
        self._invalidate_cache()

    def preview(self, nrows: int = 5) -> TablePreview:
        """The first rows with long texts cut, read without loading the rest of the file."""
        import io

        import pyarrow.parquet

        source = io.BytesIO(stored_bytes(self)) if is_remote(self) else str(self._get_load_path())
        with pyarrow.parquet.ParquetFile(source) as file:
            batches = file.iter_batches(batch_size=nrows)
            rows = next(batches).to_pylist() if file.metadata.num_rows else []
            columns = file.schema_arrow.names
        return preview_table(rows, columns)


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
