"""The newest versions of frames that other pipelines may have made, joined, or nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview

from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.datasets.remote import require_local
from instruction_tuning.errors import ConfigurationError


class NewestFrameDataset(AbstractDataset[Any, pd.DataFrame | None]):
    """Loads the newest version of each versioned frame of `frames`, joined by `key`; null without any.

    `frames` names each with its `filepath`, a key that Kedro makes a path of the project.

    For frames that some settings need and others do without: the chain does not make them, and does not stop
    where they are missing. A column of two frames is taken from the first. `made_by` names the commands that
    make them, for messages and previews.
    """

    def __init__(
        self,
        *,
        frames: dict[str, dict[str, str]],
        key: str,
        made_by: str,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        filepaths = [frame["filepath"] for frame in frames.values()]
        for filepath in filepaths:
            require_local(filepath, "a frame that may be missing")
        self._filepaths = [Path(filepath) for filepath in filepaths]
        self._key = key
        self._made_by = made_by
        self.metadata = metadata

    def load(self) -> pd.DataFrame | None:
        together: pd.DataFrame | None = None
        for file in self._newest():
            frame = FrameDataset(filepath=str(file)).load()
            if together is None:
                together = frame
                continue
            new = [column for column in frame if column == self._key or column not in together]
            together = together.merge(frame[new], on=self._key, how="outer", validate="1:1")
        return together

    def save(self, data: Any) -> None:
        raise ConfigurationError(
            "this entry only reads what others write", fix=f"it is made by: {self._made_by}"
        )

    def content_identity(self, path_digest: Callable[[Path], str]) -> dict[str, Any]:
        """The content of the newest versions."""
        return {"frames": [path_digest(file) for file in self._newest()]}

    def taken_versions(self) -> list[str]:
        """Each frame that a load takes, by its name, with its version."""
        return [f"{file.stem} {file.parent.name}" for file in self._newest()]

    def preview(self) -> JSONPreview:
        return JSONPreview(json.dumps(self._describe()))

    def _newest(self) -> list[Path]:
        """The newest version of each frame that has one."""
        versions = (sorted(path.glob(f"*/{path.name}")) for path in self._filepaths)
        return [files[-1] for files in versions if files]

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"files": [str(file) for file in self._newest()], "made_by": self._made_by}
