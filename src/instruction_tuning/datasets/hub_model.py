"""A base model by its id on the Hugging Face hub, or by a folder of this machine."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview

from instruction_tuning.datasets.remote import is_commit
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.model_folder import ModelFolder

_FIELD = "base_model"


class HubModelDataset(AbstractDataset[Any, ModelFolder]):
    """Loads as a model folder: `model` itself where it is a folder, else the hub's files at `revision`.

    A download goes to Hugging Face's own cache and happens once. `revision` null is the newest commit, and
    another one tomorrow. A token for gated models is read from HF_TOKEN or `hf auth login`, never from here.
    """

    def __init__(self, *, model: str, revision: str | None = None, metadata: dict[str, Any] | None = None):
        self._model = model
        self._revision = revision
        self.metadata = metadata

    def load(self) -> ModelFolder:
        from instruction_tuning.lm.hub import download_model
        from instruction_tuning.lm.model_folder import open_model_folder

        folder = Path(self._model).expanduser()
        if folder.is_dir() or self._model.startswith(("/", ".", "~")):
            return open_model_folder(folder)
        return download_model(self._model, self._revision, field=_FIELD)

    def save(self, data: Any) -> None:
        raise ConfigurationError("a base model is never written", fix="take it out of a node's outputs")

    def content_identity(self, path_digest: Callable[[Path], str]) -> dict[str, Any] | None:
        """A folder's bytes, or the commit; null of a branch, a tag or the newest: they move."""
        folder = Path(self._model).expanduser()
        if folder.is_dir():
            return {"folder": path_digest(folder)}
        return {"model": self._model, "revision": self._revision} if is_commit(self._revision) else None

    def preview(self) -> JSONPreview:
        return JSONPreview(json.dumps(self._describe()))

    def _exists(self) -> bool:
        """True without a look: loading says better what is missing."""
        return True

    def _describe(self) -> dict[str, Any]:
        return {"model": self._model, "revision": self._revision}
