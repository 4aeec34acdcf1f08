"""Which rows of one source are in a model: the question behind a request to take data down.

Answered from stored frames alone; the raw file may be gone. A row is in the model as the record that was
trained on, or as a copy of one that was: then its content is in the model although the row was dropped.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.lineage.membership import NOT_FITTED, ModelRecords
from instruction_tuning.lineage.naming import source_files
from instruction_tuning.lineage.provenance import Chain
from instruction_tuning.lineage.rows import read_columns
from instruction_tuning.lineage.store import DataStore

OWN, EXACT, NEAR = "itself", "exact duplicate", "near duplicate"
COLUMNS = ["source_row_id", "record_id", "part", "through", "trained_record_id", "used_as"]


class UnknownSourceError(InputError):
    """A model's data were not made from that source."""


def require_stored(records: ModelRecords, store: DataStore) -> None:
    """Raise `InputError` naming what is deleted and stands between the rows and the model."""
    needed = ["canonical_instructions", "rejected_records", "instruction_pool"]
    needed += [] if records.examples else ["verified_examples"]
    gone = [
        f"{name} {records.chain.version(name) or 'of an unknown version'}"
        for name in needed
        if store.path(name, records.chain.version(name)) is None
    ]
    if gone or records.gone:
        raise InputError(
            f"which rows are in {records.model} cannot be told: deleted are {', '.join(records.gone + gone)}",
            fix="restore them from a backup; `kedro prune` keeps what a registered version needs",
        )


def rows_in_model(source: str, records: ModelRecords, store: DataStore) -> pd.DataFrame:
    """The rows of `source` (name, file name, 12 digits of its digest) in the model, one a row and part.

    Columns: source_row_id; record_id; part (trained on, held out, …); through (itself, or a copy of which
    kind); trained_record_id, the record that went in; used_as (answer, earlier turns or prompt only).
    """
    require_stored(records, store)
    rows = _rows_of(source, records.chain, store)
    near = _near_duplicates(records.chain, store)
    kept_rows = set(_read(records.chain, store, "instruction_pool", ["source_row_id"])["source_row_id"])
    rows["trained_record_id"] = rows["record_id"].map(near).fillna(rows["record_id"])
    is_near = rows["record_id"].isin(near.keys())
    is_kept = rows["source_row_id"].isin(kept_rows)
    rows["through"] = [
        NEAR if close else OWN if kept else EXACT for close, kept in zip(is_near, is_kept, strict=True)
    ]
    found = [
        rows[rows["trained_record_id"].isin(ids)].assign(part=part) for part, ids in records.parts.items()
    ]
    together = pd.concat(found, ignore_index=True) if found else rows.iloc[:0].assign(part="")
    if records.examples is not None:
        together["used_as"] = "answer"  # a seed is a question with its answer, and trained on as it is
    else:
        used = _used_as(records.chain, store)
        together["used_as"] = together["trained_record_id"].map(used).fillna("prompt only")
    return together[COLUMNS]


def rows_in_model_and_bases(
    source: str, records: ModelRecords, bases: Iterable[ModelRecords], store: DataStore
) -> pd.DataFrame:
    """As `rows_in_model`, and the rows that one of its `bases` was fitted to, which says their `part`."""
    found: list[pd.DataFrame] = []
    unknown: list[UnknownSourceError] = []
    for one in (records, *bases):
        try:
            rows = rows_in_model(source, one, store)
        except UnknownSourceError as error:
            unknown.append(error)
            continue
        if one is not records:
            rows = rows[~rows["part"].isin(NOT_FITTED)].assign(part=f"trained on before, as {one.model}")
        found.append(rows)
    if not found:
        raise unknown[0]
    return pd.concat(found, ignore_index=True)


def summary_of(found: pd.DataFrame) -> dict[str, int]:
    """Rows by part, way and use."""
    counts = found.groupby(["part", "through", "used_as"]).size()
    return {" / ".join(map(str, list(key))): int(count) for key, count in counts.items()}  # type: ignore[call-overload]


def is_trained_on(found: pd.DataFrame) -> bool:
    """Whether weights were fitted to a row: not to one held out, tested on or dropped for its length."""
    return bool((~found["part"].isin(NOT_FITTED)).any())


def _rows_of(source: str, chain: Chain, store: DataStore) -> pd.DataFrame:
    files = source_files(store, chain)
    digests = {
        str(file["sha256"])[:12]
        for file in files
        if source in (file["source"], file["file"])
        or (
            len(source) >= 12
            and (str(file["sha256"]).startswith(source) or source.startswith(file["sha256"]))
        )
    }
    if not digests:
        known = ", ".join(str(file["file"] or file["source"]) for file in files)
        raise UnknownSourceError(
            "no such source was read", record=source, fix=f"there are {known}; or give a digest"
        )
    frame = _read(chain, store, "canonical_instructions", ["source_row_id", "record_id"])
    return frame[frame["source_row_id"].str.slice(0, 12).isin(digests)].copy()


def _near_duplicates(chain: Chain, store: DataStore) -> Mapping[str, str]:
    """Record id of each near or semantic duplicate -> the record that stayed; exact copies share its id."""
    rejected = _read(chain, store, "rejected_records", ["stage", "record_id", "collides_with"])
    near = rejected[rejected["stage"].isin(("near_duplicate", "semantic_duplicate"))]
    return dict(zip(near["record_id"], near["collides_with"], strict=True))


def _used_as(chain: Chain, store: DataStore) -> dict[str, str]:
    """Loss is on every assistant turn: beside a teacher's answer the source's earlier turns are learnt."""
    examples = _read(chain, store, "verified_examples", ["record_id", "origin", "messages"])
    return {
        str(row.record_id): "answer"
        if row.origin == "source"
        else "earlier turns"
        if any(message["role"] == "assistant" for message in row.messages[:-1])
        else "prompt only"
        for row in examples.itertuples()
    }


def _read(chain: Chain, store: DataStore, name: str, columns: list[str]) -> Any:
    path = store.path(name, chain.version(name))
    assert path is not None, f"{name} was required and is missing"
    return read_columns(path, columns)
