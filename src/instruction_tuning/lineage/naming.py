"""What a person calls a record: its id or the start of it, its row in a file, one of its responses."""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from instruction_tuning.errors import InputError
from instruction_tuning.lineage.provenance import Chain
from instruction_tuning.lineage.rows import find_rows, read_columns, starting_with
from instruction_tuning.lineage.store import DataStore

_ROW_ID = re.compile(r"[0-9a-f]{12}:\d+")
_FILE_ROW = re.compile(r"(?P<file>.+):(?P<row>\d+)")
_RESPONSE_ID = re.compile(r"(?P<record>[0-9a-f]{16})-\d+")
_PREFIX = re.compile(r"[0-9a-f]{4,16}")
READ = ("canonical_instructions", "unreadable_records")
_HELP = "give a record_id or its first digits, a source_row_id, file.json:<row from 1> or a response_id"


@dataclass(frozen=True)
class Named:
    """The rows that were meant; rows that are no record have no `record_id`."""

    record_id: str | None
    rows: list[dict[str, Any]]


def find_record(text: str, store: DataStore, chain: Chain) -> Named:
    """The record that `text` names among the rows that were read; `InputError` with near ones otherwise."""
    row_id = _row_id_of(text, store, chain)
    if row_id is not None:
        rows = _read_rows(store, chain, "source_row_id", row_id)
        if not rows:
            raise InputError("no such row was read", record=text, fix=_rows_there(row_id, store, chain))
        record_id = rows[0].get("record_id")
        return Named(record_id, _read_rows(store, chain, "record_id", record_id) if record_id else rows)
    response = _RESPONSE_ID.fullmatch(text)
    prefix = response["record"] if response else text
    ids = _ids_from(prefix, store, chain) if _PREFIX.fullmatch(prefix) else []
    if len(ids) == 1:
        return Named(ids[0], _read_rows(store, chain, "record_id", ids[0]))
    if ids:
        raise InputError(f"several records begin so: {', '.join(ids)}", record=text, fix="give more digits")
    near = _near(prefix, store, chain)
    fix = f"did you mean {', '.join(near)}? " if near else ""
    raise InputError("no such record in these versions of the data", record=text, fix=fix + _HELP)


def source_files(store: DataStore, chain: Chain) -> list[dict[str, Any]]:
    """The raw files of the chain; of data from before they were stored, sources with their short digests."""
    path = store.path("source_files", chain.version("source_files"))
    if path is not None:
        return list(read_columns(path, ["source", "file", "sha256", "bytes"]).to_dict("records"))
    found: dict[tuple[str, str], None] = {}
    for name in READ:
        path = store.path(name, chain.version(name))
        if path is not None:
            frame = read_columns(path, ["source_row_id", "source"])
            frame["source_row_id"] = frame["source_row_id"].str.slice(0, 12)
            found |= dict.fromkeys(frame.drop_duplicates().itertuples(index=False, name=None))
    return [{"source": source, "file": None, "sha256": digest, "bytes": None} for digest, source in found]


def _row_id_of(text: str, store: DataStore, chain: Chain) -> str | None:
    if _ROW_ID.fullmatch(text):
        return text
    matched = _FILE_ROW.fullmatch(text)
    if matched is None:
        return None
    files = source_files(store, chain)
    digests = [str(f["sha256"])[:12] for f in files if matched["file"] in (f["file"], f["source"])]
    if len(digests) == 1 and int(matched["row"]) > 0:
        return f"{digests[0]}:{int(matched['row']) - 1}"
    if len(digests) == 1:
        raise InputError("rows count from 1", record=text, fix=f"the first is {matched['file']}:1")
    names = [str(file["file"] or file["source"]) for file in files]
    if digests:
        raise InputError("several files have that name", record=text, fix="give the source_row_id")
    close = get_close_matches(matched["file"], names, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    raise InputError("no raw file has that name", record=text, fix=f"{hint}there are {', '.join(names)}")


def _read_rows(store: DataStore, chain: Chain, key: str, value: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for name in READ:
        path = store.path(name, chain.version(name))
        if path is not None:
            rows += find_rows(path, key, [value])
    return rows


def _ids_from(prefix: str, store: DataStore, chain: Chain) -> list[str]:
    path = store.path(READ[0], chain.version(READ[0]))
    return [] if path is None else sorted(starting_with(path, "record_id", prefix, limit=5))


def _near(text: str, store: DataStore, chain: Chain) -> list[str]:
    """Up to three ids that share the longest beginning."""
    for length in range(min(len(text), 15), 0, -1):
        ids = _ids_from(text[:length], store, chain)
        if ids:
            return ids[:3]
    return []


def _rows_there(row_id: str, store: DataStore, chain: Chain) -> str:
    digest = row_id.partition(":")[0]
    for file in source_files(store, chain):
        if str(file["sha256"]).startswith(digest):
            name = file["file"] or file["source"]
            return f"rows of {name} count from 1, in a source_row_id from 0; blank lines are no rows"
    known = ", ".join(f"{file['sha256'][:12]} ({file['source']})" for file in source_files(store, chain))
    return f"the files read begin with {known}"
