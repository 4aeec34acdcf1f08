"""JSON Lines as a frame: one object a line, values kept as they are (`"0012"` stays text)."""

import json
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
from kedro.io import AbstractVersionedDataset, Version
from kedro_datasets._typing import TablePreview

from instruction_tuning.datasets.atomic import publish
from instruction_tuning.datasets.frame import preview_table
from instruction_tuning.datasets.remote import require_local
from instruction_tuning.errors import InputError


class JSONLinesDataset(AbstractVersionedDataset[pd.DataFrame, pd.DataFrame]):
    """A UTF-8 JSON Lines file; the columns are the keys in order of first appearance."""

    def __init__(
        self, *, filepath: str, version: Version | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        require_local(filepath, "a JSON Lines file")
        super().__init__(filepath=PurePosixPath(filepath), version=version)
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        path = Path(self._get_load_path())
        with path.open(encoding="utf-8") as lines:
            return pd.DataFrame(
                [_parse(line, path, number) for number, line in enumerate(lines, start=1) if line.strip()]
            )

    def save(self, data: pd.DataFrame) -> None:
        with (
            publish(self._get_save_path(), versioned=bool(self._version)) as path,
            path.open("w", encoding="utf-8", newline="\n") as stream,
        ):
            for row in data.to_dict(orient="records"):
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")

    def preview(self, nrows: int = 5) -> TablePreview:
        path = Path(self._get_load_path())
        with path.open(encoding="utf-8") as lines:
            rows = [_parse(line, path, number) for number, line in enumerate(islice(lines, nrows), start=1)]
        columns = list(dict.fromkeys(column for row in rows for column in row))
        return preview_table([{column: row.get(column) for column in columns} for row in rows], columns)

    def _exists(self) -> bool:
        return Path(self._get_load_path()).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "version": self._version}


def _parse(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(
            f"not JSON: {error.msg} at column {error.colno}",
            file=path,
            record=f"line {number}",
            fix="write one JSON object a line",
        ) from error
    if not isinstance(row, dict):
        raise InputError(
            f"a line holds {type(row).__name__}, not an object",
            file=path,
            record=f"line {number}",
            fix='write one JSON object a line, such as {"item_id": "f-1"}',
        )
    return row
