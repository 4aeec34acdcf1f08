"""One model version's way: the data, parameters and code behind it, in plain values that JSON can hold."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import pandas as pd

from instruction_tuning.datasets.registry_store import COMMAND_TAG, DATA_TAG, DIGEST_TAG, STATUS_TAG
from instruction_tuning.incremental.records import Execution
from instruction_tuning.lineage.data_set import prompts_of
from instruction_tuning.lineage.membership import HELD_OUT, ModelRecords
from instruction_tuning.lineage.naming import source_files
from instruction_tuning.lineage.provenance import upstream_of
from instruction_tuning.lineage.rows import count_rows, read_columns
from instruction_tuning.lineage.store import DataStore

Story = dict[str, Any]
UNKNOWN = "unknown"
COUNTED = ("source", "language", "category", "licence")


def model_story(
    records: ModelRecords, others: Iterable[ModelRecords], store: DataStore, executions: Iterable[Execution]
) -> Story:
    """Registry tags, data versions with digests and rows, counts, teacher, nodes, relatives."""
    model, tags = records.model, records.model.tags
    behind = upstream_of(executions, model.data, model.registered_at)
    return {
        "model": f"models:/{model.name}/{model.version}",
        "aliases": list(model.aliases),
        "digest": tags.get(DIGEST_TAG),
        "command": tags.get(COMMAND_TAG),
        "git_commit": tags.get("git_commit"),
        "verdict": {name: tags.get(name) for name in (STATUS_TAG, "verdict_reasons", "incumbent")},
        "base_model": tags.get(f"{DATA_TAG}base_model"),
        "data": [_data_set(name, records, store) for name in sorted(records.model.data)],
        "raw_files": source_files(store, records.chain),
        "counts": _counts(records, store),
        "parts": {part: len(ids) for part, ids in records.parts.items()},
        "held_out_records": sorted(records.parts.get(HELD_OUT, [])),
        "teacher": _teacher(records, store),
        "parameters": {
            name: value for one in behind.executions for name, value in sorted(one.parameters.items())
        },
        "prompts": prompts_of(behind.executions),
        "nodes": [_node(execution) for execution in _in_order(behind.executions)],
        "relatives": [_relative(records, other) for other in others if other.model != model],
        "gone": records.gone,
        "not_known": records.not_known,
    }


def _data_set(name: str, records: ModelRecords, store: DataStore) -> Story:
    state = records.model.data[name]
    path = store.path(name, state.version)
    rows = count_rows(path) if path is not None and path.suffix == ".parquet" else None
    return {
        "name": name,
        "version": state.version,
        "digest": state.digest,
        "rows": rows,
        "deleted": path is None,
    }


def _counts(records: ModelRecords, store: DataStore) -> Story:
    """Of the records that were trained on, as the pool has them."""
    path = store.path("instruction_pool", records.chain.version("instruction_pool"))
    if path is None:
        return {}
    pool = read_columns(path, ["record_id", "source_row_id", *COUNTED])
    pool = pool[pool["record_id"].isin(records.trained_on)]
    counts = {name: _value_counts(pool[name]) for name in COUNTED}
    return counts | {"raw_file": _value_counts(pool["source_row_id"].str.slice(0, 12))}


def _value_counts(values: "pd.Series[Any]") -> dict[str, int]:
    return {str(name): int(count) for name, count in values.fillna(UNKNOWN).value_counts().items()}


def _teacher(records: ModelRecords, store: DataStore) -> list[Story]:
    if records.examples is not None:
        return []  # what the chain asked about the same pool is no part of it
    path = store.path("teacher_completions", records.chain.version("teacher_completions"))
    if path is None:
        return []
    names = ["model", "kind", "request_id", "prompt_tokens", "completion_tokens", "price_usd"]
    told = []
    for (model, kind), calls in read_columns(path, names).groupby(["model", "kind"]):
        price = calls["price_usd"]
        told.append(
            {
                "model": str(model),
                "kind": str(kind),
                "requests": int(calls["request_id"].nunique()),
                "tokens": int(calls[["prompt_tokens", "completion_tokens"]].to_numpy().sum()),
                "price_usd": None if price.isna().any() else float(price.sum()),
            }
        )
    return told


def _in_order(executions: list[Execution]) -> list[Execution]:
    return sorted(executions, key=lambda execution: execution.finished_at)


def _node(execution: Execution) -> Story:
    """`code` is one digest over those of all definitions that the node reaches."""
    code = json.dumps(execution.code, sort_keys=True).encode()
    return {
        "node": execution.node,
        "finished_at": execution.finished_at,
        "seconds": execution.seconds,
        "code": hashlib.sha256(code).hexdigest()[:16],
        "definitions": len(execution.code),
        "parameters": execution.parameters,
        "versions": execution.versions,
    }


def _relative(records: ModelRecords, other: ModelRecords) -> Story:
    mine, theirs = records.model.data, other.model.data
    shared = [
        name for name in sorted(mine.keys() & theirs.keys()) if mine[name].digest == theirs[name].digest
    ]
    return {
        "model": f"models:/{other.model.name}/{other.model.version}",
        "same_data": shared,
        "records_in_both": len(records.trained_on & other.trained_on),
        "gone": other.gone,
    }
