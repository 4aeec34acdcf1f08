"""What people did on the annotation page, read from their store."""

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from instruction_tuning.datasets.frame import preview_table
from instruction_tuning.datasets.remote import require_local
from instruction_tuning.errors import ConfigurationError


class AnnotationEventsDataset(AbstractDataset[Any, pd.DataFrame]):
    """Loads the events with their tasks (`annotation/annotations.py`); none where nobody has begun."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        require_local(filepath, "a store of annotations")
        self._filepath = Path(filepath)
        self.metadata = metadata

    @property
    def store_path(self) -> Path:
        """Where the store lies, or will lie."""
        return self._filepath

    def load(self) -> pd.DataFrame:
        from instruction_tuning.annotation.annotations import COLUMNS, events_frame
        from instruction_tuning.annotation.store import AnnotationStore

        if not self._filepath.exists():
            return pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS}).astype(
                {"seconds": "float64"}
            )
        with AnnotationStore(self._filepath, read_only=True) as store:
            return events_frame(store)

    def save(self, data: Any) -> None:
        raise ConfigurationError(
            "people write annotations, no node does", file=self._filepath, fix="use `kedro annotate`"
        )

    def content_identity(self, _path_digest: object) -> dict[str, Any]:
        """Of the events: the bytes of the file say less, as the newest events are in its log."""
        digest = hashlib.sha256()
        for row in self.load().itertuples(index=False):
            digest.update(repr(tuple(row)).encode())
        return {"events": digest.hexdigest()}

    def preview(self, nrows: int = 5) -> TablePreview:
        """The last events."""
        events = self.load().tail(nrows)
        rows = [{str(name): value for name, value in row.items()} for row in events.to_dict(orient="records")]
        return preview_table(rows, list(events.columns))

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
