"""One version of a data set: who made it when, of what, and with which prompts, in plain values for JSON."""

from collections.abc import Iterable
from typing import Any

from instruction_tuning.incremental.records import Execution, StoredState
from instruction_tuning.lineage.provenance import Chain, upstream_of
from instruction_tuning.lineage.rows import count_rows
from instruction_tuning.lineage.store import DataStore

Story = dict[str, Any]


def data_set_story(name: str, version: str, store: DataStore, executions: Iterable[Execution]) -> Story:
    """`prompts` are those of its node and of all nodes before that, the earliest first."""
    behind = upstream_of(executions, {name: StoredState("unknown", version)})
    maker = next((one for one in behind.executions if name in one.outputs), None)
    path = store.path(name, version)
    return {
        "data_set": name,
        "version": version,
        "rows": count_rows(path) if path is not None and path.suffix == ".parquet" else None,
        "node": maker.node if maker else None,
        "finished_at": maker.finished_at if maker else None,
        "inputs": _inputs(maker) if maker else {},
        "prompts": prompts_of(behind.executions),
    }


def _inputs(maker: Execution) -> dict[str, str]:
    """The version of each, or why there is none."""
    return {
        name: state.version or ("without versions" if state.stored else "kept in memory only")
        for name, state in maker.inputs.items()
    }


def prompts_of(executions: Iterable[Execution]) -> list[Story]:
    """A row a prompt and node that read it; of an execution from before they were stored, none."""
    ordered = sorted(executions, key=lambda execution: execution.finished_at)
    return [
        {"node": execution.node, "name": name, "digest": digest}
        for execution in ordered
        for name, digest in sorted((execution.prompts or {}).items())
    ]


def makers_of(names: Iterable[str], chain: Chain) -> list[Execution]:
    """The executions of `chain` that made one of `names`, and those whose outputs they had from memory."""
    found: list[Execution] = []
    wanted = set(names)
    while new := [one for one in chain.executions if wanted & one.outputs.keys() and one not in found]:
        found += new
        wanted = {name for one in new for name, state in one.inputs.items() if not state.stored}
    return found
