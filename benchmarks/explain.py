"""`kedro explain RECORD` stays quick and small on a million records: seconds and peak memory of each part.

Writes a synthetic pool, its decisions and a mixture of a tenth of it, in the row groups of `FrameDataset`,
then explains records and lists the rows of one source. Needs about 1 GB of disk in a temporary folder, 3
minutes and no GPU. Peak memory is the process's, read after each part, so it only grows.
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from instruction_tuning.datasets.frame import ROW_GROUP_ROWS
from instruction_tuning.incremental.records import StoredState
from instruction_tuning.lineage.membership import ModelContents
from instruction_tuning.lineage.naming import find_record
from instruction_tuning.lineage.provenance import chain_of
from instruction_tuning.lineage.record import RecordStory
from instruction_tuning.lineage.registry import RegisteredModel
from instruction_tuning.lineage.store import DataStore
from instruction_tuning.lineage.takedown import rows_in_model

VERSION = "2026-01-01T00.00.00.000Z"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=None, help="where the data are made, and kept")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        if not (folder / "data").is_dir():
            # In a process of its own, so that the memory of making the data is not counted.
            maker = multiprocessing.get_context("spawn").Process(target=make, args=(folder, arguments.rows))
            maker.start()
            maker.join()
        measure(store_of(folder), arguments.rows)


def store_of(folder: Path) -> DataStore:
    names = (
        "canonical_instructions",
        "unreadable_records",
        "source_files",
        "instruction_pool",
        "rejected_records",
        "selection_decisions",
        "verified_examples",
        "sft_mixture",
        "sft_validation",
    )
    return DataStore(folder, {name: folder / "data" / f"{name}.parquet" for name in names})


def record_id(number: int) -> str:
    return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}"


def make(folder: Path, rows: int) -> None:
    """A pool of `rows` records, each with a prompt and an answer of some 400 characters together."""
    store = store_of(folder)
    numbers = np.arange(rows)
    ids = [record_id(int(number)) for number in numbers]
    filler = "a sentence of quite ordinary words that says little. " * 4
    turns = [
        [{"role": "user", "content": f"{n} {filler}"}, {"role": "assistant", "content": f"{filler}{n}"}]
        for n in range(rows)
    ]
    pool = pd.DataFrame(
        {
            "record_id": ids,
            "source_row_id": [f"{'a' * 12}:{number}" for number in range(rows)],
            "source": "alpaca",
            "format": "alpaca",
            "language": "en",
            "category": None,
            "licence": None,
            "messages": turns,
            "prompt": [turn[0]["content"] for turn in turns],
            "answer": [turn[1]["content"] for turn in turns],
            "flags": [[]] * rows,
            "parent_ids": [[]] * rows,
        }
    )
    save(store, "canonical_instructions", pool)
    save(store, "instruction_pool", pool)
    rejected = ["source_row_id", "source", "record_id", "stage", "reason", "field", "detail", "raw"]
    empty = pd.DataFrame({name: pd.Series([], dtype="str") for name in (*rejected, "collides_with")})
    save(store, "rejected_records", empty.assign(similarity=pd.Series([], dtype="float64")))
    save(store, "unreadable_records", empty)
    file = {"source": "alpaca", "file": "alpaca.json", "sha256": "a" * 64, "bytes": 1}
    save(store, "source_files", pd.DataFrame([file]))
    decisions = {"record_id": ids, "decision": "not_selected", "selection_score": 0.5, "reason": "left"}
    save(store, "selection_decisions", pd.DataFrame(decisions | {"nearest_selected": ids[0]}))
    tenth = pool.iloc[::10]
    parents = [[name, f"{name}-00"] for name in tenth["record_id"]]
    examples = tenth[["record_id", "messages", "answer"]].assign(origin="teacher", rating=8.0, check="none")
    examples["response_id"] = [pair[1] for pair in parents]
    save(store, "verified_examples", examples.assign(parent_ids=parents))
    mixture = pd.DataFrame({"example_id": examples["response_id"], "kind": "chat", "parent_ids": parents})
    save(store, "sft_mixture", mixture)
    save(store, "sft_validation", mixture.iloc[:0])


def save(store: DataStore, name: str, frame: pd.DataFrame) -> None:
    path = store.places[name] / VERSION / store.places[name].name
    path.parent.mkdir(parents=True)
    frame.to_parquet(path, row_group_size=ROW_GROUP_ROWS, index=False)


def measure(store: DataStore, rows: int) -> None:
    chain = chain_of([], {"canonical_instructions": StoredState("unknown", VERSION)}, store)
    model = RegisteredModel("sft-model", "1", "", None, 0, (), {"data.sft_mixture": f"{VERSION} {'0' * 16}"})
    reader = ModelContents(store, [])

    def explain(name: str) -> None:
        story = RecordStory(find_record(name, store, chain), store, chain, pd.DataFrame())
        story.tell(lambda only: [reader.of(model, only)])

    print(f"{rows:,} records; peak before: {peak_megabytes():.0f} MB")
    timed("explain a record that was trained on, by id", lambda: explain(record_id(rows // 20 * 10)))
    timed("explain the last one, by its row", lambda: explain(f"{'a' * 12}:{rows - 1}"))
    timed("explain one by the first 10 digits", lambda: explain(record_id(rows // 2 + 1)[:10]))
    timed("list the rows of a source in a model", lambda: rows_in_model("alpaca", reader.of(model), store))


def timed(what: str, act: Callable[[], object]) -> None:
    started = time.perf_counter()
    act()
    print(f"{what}: {time.perf_counter() - started:.2f} s, peak {peak_megabytes():.0f} MB")


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
