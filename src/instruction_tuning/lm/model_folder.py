"""A transformers model on disk, passed around by path and digest so that nothing loads weights early."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from instruction_tuning.errors import ModelFolderError
from instruction_tuning.lm.model_files import CONFIGURATIONS, WEIGHTS, require_whole

IDENTITY_PATTERNS = (*CONFIGURATIONS, "tokenizer*", "chat_template*", WEIGHTS)
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class ModelFolder:
    """A folder that `from_pretrained` reads, and the digest of what decides its behaviour.

    `digest` is the first 16 hex digits of a SHA-256 over names and bytes of configuration,
    tokenizer and weight files; logs and cards in the same folder do not change it.
    """

    path: Path
    digest: str


def open_model_folder(path: Path | str) -> ModelFolder:
    """Check that `path` holds a configuration and safetensors weights, whole ones, and take its digest.

    Raises `ModelFolderError` naming what is missing or cut; pickled weights (`*.bin`, `*.pt`) are not read.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise ModelFolderError(
            "there is no model folder here",
            file=folder,
            fix="give the path of a folder made by save_pretrained, or run the pipeline that trains it",
        )
    has_configuration = any((folder / name).is_file() for name in CONFIGURATIONS)
    has_weights = any(True for _ in folder.glob(WEIGHTS))
    if not (has_configuration and has_weights):
        missing = "config.json" if not has_configuration else "*.safetensors"
        raise ModelFolderError(
            f"the model folder lacks {missing}",
            file=folder,
            fix="save the model with save_pretrained(folder, safe_serialization=True), tokenizer included",
        )
    require_whole(folder)
    return ModelFolder(path=folder, digest=_folder_digest(folder))


def _folder_digest(folder: Path) -> str:
    files = sorted({file for pattern in IDENTITY_PATTERNS for file in folder.glob(pattern) if file.is_file()})
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0")
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
    return digest.hexdigest()[:16]
