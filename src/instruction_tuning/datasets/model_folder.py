"""A transformers model folder, passed as a handle."""

import json
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

from kedro.io import AbstractVersionedDataset, Version
from kedro_datasets._typing import JSONPreview

from instruction_tuning.datasets.atomic import publish
from instruction_tuning.datasets.remote import require_local
from instruction_tuning.lm.loading import require_tokenizer
from instruction_tuning.lm.model_files import CONFIGURATIONS, WEIGHTS, read_json
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.training.training_record import read_training_record


class ModelFolderDataset(AbstractVersionedDataset[ModelFolder, ModelFolder]):
    """A folder that `from_pretrained` reads; loads as path and digest, so that passing it reads no weights.

    `save` copies the folder that a node trained elsewhere (in `data/.work/`) and publishes the copy by
    one rename.
    """

    def __init__(
        self, *, filepath: str, version: Version | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        require_local(filepath, "a model folder")
        super().__init__(filepath=PurePosixPath(filepath), version=version)
        self.metadata = metadata

    def load(self) -> ModelFolder:
        """The folder, with a tokenizer: a run loads what comes from outside before its first node."""
        folder = open_model_folder(Path(self._get_load_path()))
        require_tokenizer(folder)
        return folder

    def save(self, data: ModelFolder) -> None:
        with publish(self._get_save_path(), versioned=bool(self._version)) as path:
            shutil.copytree(data.path, path)

    def preview(self) -> JSONPreview:
        """Path, digest, size, what training measured, and architecture."""
        folder = self.load.__wrapped__(self)  # type: ignore[attr-defined]
        configurations = (read_json(folder.path / name) for name in CONFIGURATIONS)
        weight_bytes = sum(file.stat().st_size for file in folder.path.glob(WEIGHTS))
        summary = {
            "folder": folder.path.name,
            "digest": folder.digest,
            "weight_bytes": weight_bytes,
            "training_metrics": read_training_record(folder)[1],
            "config": next(filter(None, configurations), {}),
        }
        return JSONPreview(json.dumps(summary, ensure_ascii=False))

    def _exists(self) -> bool:
        return Path(self._get_load_path()).is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "version": self._version}
