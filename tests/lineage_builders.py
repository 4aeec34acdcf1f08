"""A small project's stored data by hand: frames in versions, records of executions, registered models."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from instruction_tuning.incremental.records import Execution, ExecutionRecords, StoredState
from instruction_tuning.lineage.registry import RegisteredModel
from instruction_tuning.lineage.store import DataStore

FILE = "a" * 12
_MINUTE = 1_767_225_600_000  # 2026-01-01T00:00:00Z, in milliseconds
NAMES = (
    "canonical_instructions",
    "unreadable_records",
    "record_repairs",
    "source_files",
    "instruction_pool",
    "rejected_records",
    "contamination_matches",
    "selection_decisions",
    "verified_examples",
    "sft_mixture",
    "sft_validation",
    "example_decisions",
    "pair_decisions",
    "preference_pairs",
    "sft_model",
    "gold_answers",
    "annotation_verdicts",
    "annotated_pairs",
    "backtranslation_examples_2",
)


def record_id(letter: str) -> str:
    return letter * 16


def row_id(number: int, file: str = FILE) -> str:
    return f"{file}:{number}"


class StoredProject:
    """Saves frames as versions, and says which execution made them."""

    def __init__(self, project: Path) -> None:
        self.store = DataStore(project, {name: project / "data" / f"{name}.parquet" for name in NAMES})
        self.records = ExecutionRecords(self.store.data)
        self._finished = 0

    def save(self, name: str, version: str, rows: list[dict[str, Any]]) -> Path:
        place = self.store.places[name]
        file = place / version / place.name
        file.parent.mkdir(parents=True)
        pd.DataFrame(rows).to_parquet(file)
        return file

    def ran(
        self,
        node: str,
        inputs: Mapping[str, str],
        outputs: Mapping[str, str],
        *,
        key: str | None = None,
        parameter: int = 1,
        prompts: dict[str, str] | None = None,
    ) -> Execution:
        """Record an execution; values are versions, digests come from them (`v1` and `v1+` are equal).

        What has version `memory` is not stored.
        """
        self._finished += 1
        sides = [
            {
                name: StoredState(f"{name}:{version.rstrip('+')}".ljust(16, "."), version)
                if version != "memory"
                else StoredState(f"{name} in memory".ljust(16, "."), None, stored=False)
                for name, version in side
            }
            for side in (inputs.items(), outputs.items())
        ]
        execution = Execution(
            node=node,
            key=key or f"{node}-{self._finished}",
            finished_at=f"2026-01-01T00:00:{self._finished:02d}.000+00:00",
            seconds=0.1,
            session="s",
            inputs=sides[0],
            outputs=sides[1],
            parameters={"p": parameter},
            code={"f": "0" * 8},
            versions={},
            files={},
            entries={},
            wiring=[],
            bound="",
            prompts=prompts,
        )
        self.records.write(execution)
        return execution

    @property
    def executions(self) -> list[Execution]:
        return self.records.all()


def registered(
    version: str, data: Mapping[str, str], *aliases: str, name: str = "sft-model", at_second: int = 0
) -> RegisteredModel:
    """`at_second` of the minute in which a `StoredProject` has its executions finish."""
    tags = {f"data.{dataset}": f"{made} {'0' * 16}" for dataset, made in data.items()}
    return RegisteredModel(name, version, "models:/m-1", "run", _MINUTE + at_second * 1000, aliases, tags)


def canonical(letter: str, number: int, prompt: str = "Say x.", answer: str = "x") -> dict[str, Any]:
    turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
    return {
        "record_id": record_id(letter),
        "source_row_id": row_id(number),
        "source": "alpaca",
        "format": "alpaca",
        "language": "en",
        "category": None,
        "licence": "CC0",
        "messages": turns,
        "prompt": prompt,
        "answer": answer,
        "flags": [],
        "parent_ids": [],
    }


def rejected(number: int, letter: str | None, stage: str, collides_with: str | None) -> dict[str, Any]:
    return {
        "source_row_id": row_id(number),
        "source": "alpaca",
        "record_id": record_id(letter) if letter else None,
        "stage": stage,
        "reason": "same_record",
        "field": None,
        "detail": f"kept {collides_with}",
        "raw": json.dumps({"row": number}),
        "collides_with": collides_with,
        "similarity": 1.0,
    }


def chat(letter: str) -> dict[str, Any]:
    response = f"{record_id(letter)}-00"
    return {
        "example_id": response,
        "kind": "chat",
        "messages": [{"role": "user", "content": "Say x."}, {"role": "assistant", "content": "x"}],
        "text": None,
        "source": "alpaca",
        "parent_ids": [record_id(letter), response],
    }


def example_decision(letter: str, decision: str, reason: str | None = None) -> dict[str, Any]:
    return {
        "example_id": f"{record_id(letter)}-00",
        "record_id": record_id(letter),
        "decision": decision,
        "reason": reason,
    }


def pair_decision(letter: str, pair: str, decision: str, reason: str | None = None) -> dict[str, Any]:
    return {
        "pair_id": pair,
        "record_id": record_id(letter),
        "chosen_rating": 9.0,
        "rejected_rating": 8.0,
        "decision": decision,
        "reason": reason,
    }


def ingested_and_trained(project: Path) -> StoredProject:
    """Rows 0-6: a trained, b held out, an exact and a near copy of a, a copy of that, c left, a fault."""
    made = StoredProject(project)
    rows = [canonical("a", 0), canonical("b", 1), canonical("a", 2), canonical("d", 3), canonical("d", 4)]
    rows.append(canonical("c", 5))
    dropped = [
        rejected(2, "a", "exact_duplicate", row_id(0)),
        rejected(3, "d", "near_duplicate", record_id("a")),
        rejected(4, "d", "exact_duplicate", row_id(3)),
    ]
    broken = rejected(6, None, "read", None) | {"reason": "invalid_json"}
    made.save("canonical_instructions", "v1", rows)
    made.save("unreadable_records", "v1", [broken])
    made.save(
        "source_files",
        "v1",
        [{"source": "alpaca", "file": "alpaca.json", "sha256": FILE + "0" * 52, "bytes": 9}],
    )
    made.save("instruction_pool", "v1", [rows[0], rows[1], rows[5]])
    made.save("rejected_records", "v1", [broken, *dropped])
    repair = {"field": "output", "repairs": ["whitespace_stripped"], "before": " x "}
    made.save("record_repairs", "v1", [{"source_row_id": row_id(5), **repair}])
    examples = [
        {
            "record_id": record_id(letter),
            "origin": "teacher",
            "response_id": f"{record_id(letter)}-00",
            "rating": 8.0,
            "check": "none",
            "messages": rows[0]["messages"],
            "answer": "x",
            "parent_ids": [record_id(letter), f"{record_id(letter)}-00"],
        }
        for letter in "ab"
    ]
    made.save("verified_examples", "v1", examples)
    made.save("sft_mixture", "v1", [chat("a")])
    made.save("sft_validation", "v1", [chat("b")])
    reading = {"canonical_instructions": "v1", "unreadable_records": "v1", "source_files": "v1"}
    reading |= {"record_repairs": "v1"}
    made.ran("read", {}, reading)
    made.ran("drop", {"canonical_instructions": "v1"}, {"instruction_pool": "v1", "rejected_records": "v1"})
    made.ran("choose", {"instruction_pool": "v1"}, {"verified_examples": "v1"})
    made.ran("mix", {"verified_examples": "v1"}, {"sft_mixture": "v1", "sft_validation": "v1"})
    return made
