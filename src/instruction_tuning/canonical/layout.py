"""What the name of a raw file says about it: how it is laid out, and how it is packed."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from instruction_tuning.errors import InputError

TEXT = ".txt"
LAYOUTS = (".json", ".jsonl", ".csv", TEXT, ".parquet")
PACKINGS = (".gz", ".zst")
# Parquet packs its own columns, and is read from its end.
SUFFIXES = (*LAYOUTS, *(layout + packing for layout in LAYOUTS[:-1] for packing in PACKINGS))
# Each is one document. Beside rows, Markdown and its like describe data; where documents are asked for, they
# are the data.
DOCUMENT_SUFFIXES = (".md", ".markdown", TEXT, ".rst", ".html", ".htm")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_UNPACKED_CHUNK_BYTES = 1 << 20


def layout_of(path: Path) -> str | None:
    """`.jsonl` for `a.jsonl` and `a.jsonl.gz`, `.txt` for every text; null where no reader takes the file."""
    name = path.name.lower()
    if name.endswith(DOCUMENT_SUFFIXES):
        return TEXT
    suffix = next((suffix for suffix in SUFFIXES if name.endswith(suffix)), None)
    return None if suffix is None else "." + suffix.split(".")[1]


def stem_of(path: Path) -> str:
    """The name without layout and packing: `a` for `a.jsonl.gz`."""
    name = path.name.lower()
    suffix = next((suffix for suffix in SUFFIXES if name.endswith(suffix)), "")
    return path.name[: len(path.name) - len(suffix)] if suffix else path.stem


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """The bytes of the file, unpacked while they are read.

    Raises `InputError` from inside the block when the archive is cut off or damaged: nobody knows how many
    rows are behind such a place, so it is not one bad row.
    """
    packing = path.suffix.lower()
    with path.open("rb") as stream:
        if packing not in PACKINGS:
            yield stream
            return
        try:
            with _unpacking(stream, packing) as unpacking:
                yield unpacking
        except (EOFError, zlib.error, OSError) as error:
            raise InputError(
                f"the file cannot be unpacked: {str(error)[:200]}",
                file=path,
                fix="fetch it again: it is cut off or damaged; or unpack by hand what can be read of it",
            ) from error


def _unpacking(stream: BinaryIO, packing: str) -> BinaryIO:
    if packing == ".gz":
        return cast(BinaryIO, gzip.open(stream, "rb"))
    import pyarrow as pa

    # Arrow unpacks Zstandard, which Python 3.11 does not.
    packed = pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd")
    return cast(BinaryIO, io.BufferedReader(packed, _UNPACKED_CHUNK_BYTES))
