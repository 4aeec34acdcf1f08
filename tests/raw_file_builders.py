"""Raw files written for a test, and what reading makes of them."""

import csv
import json

import pandas as pd

from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.canonical.reading import read_files


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
