"""Raw files written for a test, and what reading makes of them."""

import csv
import gzip
import json
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa

from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.canonical.reading import read_files

PAGE = Path(__file__).parents[1] / "docs" / "dataset_formats.md"
_SECTION = re.compile(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)


def page_examples():
    """Format -> the rows (JSON text) that docs/dataset_formats.md shows of it."""
    return {
        name: [
            line for block in re.findall(r"```json\n(.*?)```", body, re.DOTALL) for line in block.splitlines()
        ]
        for name, body in _SECTION.findall(PAGE.read_text(encoding="utf-8"))
    }


def pack(data, packing):
    """`data` as a gzip (`gz`) or Zstandard (`zst`) archive."""
    if packing == "gz":
        return gzip.compress(data, mtime=0)
    return pa.Codec("zstd").compress(data, asbytes=True)


def write(path, rows):
    """`rows` in the layout that the suffix of `path` names; a row may be bytes or text, taken as they are."""
    if path.suffix == ".jsonl":
        lines = [row if isinstance(row, bytes) else as_text(row).encode() for row in rows]
        path.write_bytes(b"".join(line + b"\n" for line in lines))
    elif path.suffix == ".json":
        path.write_text("[" + ",\n".join(map(as_text, rows)) + "]", encoding="utf-8")
    elif path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    else:
        pd.DataFrame(rows).to_parquet(path)
    return path


def as_text(row):
    """A row as JSON; a text stays as it is."""
    return row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)


def read(path, **rules):
    """Records and rejected records of the file or folder at `path`."""
    return read_files(list_raw_files(path), ReadingRules(**rules))


def read_rows(tmp_path, rows, suffix=".jsonl", **rules):
    """As `read`, of a file with these rows."""
    return read(write(tmp_path / f"data{suffix}", rows), **rules)
