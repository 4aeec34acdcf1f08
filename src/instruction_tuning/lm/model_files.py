"""What the files of a model folder say of themselves, no weight read: configuration, safetensors headers.

A safetensors file is 8 bytes of length, a header in JSON, and tensors up to where the header says that they
end (https://huggingface.co/docs/safetensors); of a model in several files an index names each.
"""

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instruction_tuning.errors import ModelFolderError

CONFIGURATIONS = ("config.json", "adapter_config.json")
WEIGHTS = "*.safetensors"
INDEX, _IN_ONE_FILE = "model.safetensors.index.json", "model.safetensors"
_LENGTH_BYTES = 8
_COPY = "copy or download the model again"


@dataclass(frozen=True)
class _Header:
    """Where the file should end, in bytes from its start, where it does, and how many numbers are in it."""

    end: int
    bytes: int
    numbers: int


def require_whole(folder: Path) -> None:
    """Raise `ModelFolderError` for a configuration that is no JSON, for weights that are cut or missing."""
    for name in CONFIGURATIONS:
        read_json(folder / name)
    if not (folder / _IN_ONE_FILE).is_file():  # beside it an index is that of an earlier save, and not read
        for name in sorted(set((read_json(folder / INDEX).get("weight_map") or {}).values())):
            if not (folder / name).is_file():
                raise ModelFolderError(f"the model folder lacks {name}", file=folder / INDEX, fix=_COPY)
    for file in sorted(folder.glob(WEIGHTS)):
        header = _header(file)
        if header.bytes != header.end:
            raise ModelFolderError(
                f"the weights have {header.bytes:,} bytes where {header.end:,} belong", file=file, fix=_COPY
            )


def parameter_count(folder: Path) -> int:
    """Numbers in all safetensors files of `folder`; tied weights are stored, and count, once."""
    return sum(_header(file).numbers for file in sorted(folder.glob(WEIGHTS)))


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


def _header(file: Path) -> _Header:
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(_LENGTH_BYTES))
            size = file.stat().st_size
            if length > size:
                raise ValueError("a length beyond the file's end")
            header = json.loads(stream.read(length))
        tensors = [tensor for name, tensor in header.items() if name != "__metadata__"]
        end = max((tensor["data_offsets"][1] for tensor in tensors), default=0)
        numbers = sum(math.prod(tensor["shape"]) for tensor in tensors)
        return _Header(_LENGTH_BYTES + length + end, size, numbers)
    except (OSError, struct.error, ValueError, TypeError, AttributeError, LookupError) as error:
        raise ModelFolderError("the weights cannot be read", file=file, fix=_COPY) from error
