"""Configuration and headers of the weights: what the files of a model folder say of themselves."""

import json
import math
from pathlib import Path
from typing import Any

from instruction_tuning.errors import ModelFolderError

CONFIGURATIONS = ("config.json", "adapter_config.json")
WEIGHTS = "*.safetensors"
INDEX, _IN_ONE_FILE = "model.safetensors.index.json", "model.safetensors"
_COPY = "copy or download the model again"


def require_whole(folder: Path) -> None:
    """Raise `ModelFolderError` for a configuration that is no JSON, for weights that are cut or missing."""
    for name in CONFIGURATIONS:
        read_json(folder / name)
    if not (folder / _IN_ONE_FILE).is_file():  # beside it an index is that of an earlier save, and not read
        for name in sorted(set((read_json(folder / INDEX).get("weight_map") or {}).values())):
            if not (folder / name).is_file():
                raise ModelFolderError(f"the model folder lacks {name}", file=folder / INDEX, fix=_COPY)
    parameter_count(folder)  # it opens each


def parameter_count(folder: Path) -> int:
    """Numbers in all safetensors files of `folder`; tied weights are stored, and count, once.

    Raises `ModelFolderError` for a file that does not end where its header says.
    """
    return sum(_numbers(file) for file in sorted(folder.glob(WEIGHTS)))


def read_json(file: Path) -> dict[str, Any]:
    """What `file` says; nothing where there is none. Raises `ModelFolderError` where it is no JSON object."""
    if not file.is_file():
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError(f"a {type(content).__name__}, not an object")
    except ValueError as error:
        raise ModelFolderError(
            f"the model folder's {file.name} is no JSON: {error}", file=file, fix=_COPY
        ) from None
    return content


def _numbers(file: Path) -> int:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, "numpy") as tensors:
            return sum(math.prod(tensors.get_slice(name).get_shape()) for name in tensors.keys())  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise ModelFolderError(f"the weights cannot be read: {error}", file=file, fix=_COPY) from error
