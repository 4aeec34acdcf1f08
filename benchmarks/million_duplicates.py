"""Duplicates among a million short records, through the node: seconds and memory.

    python benchmarks/million_duplicates.py --records 1000000

Prompts of 15 made-up words with answers of 40; one in five is a copy, half of them letter by letter and half
with "Please" before it. "Before" is what the frame takes with its messages as Python objects.
"""

import argparse
import gc
import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from instruction_tuning.pipelines.ingestion.duplicate_nodes import remove_duplicates
from instruction_tuning.pipelines.ingestion.duplicate_parameters import DuplicateParameters


def measure(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    words = np.array(
        [f"{a}{b}{c}" for a in "bcdfghklmnprst" for b in ("a", "ei", "o", "u") for c in "lmnrstdk"]
    )
    distinct = int(count * 0.8)
    drawn = rng.integers(0, len(words), (distinct, 15))
    prompts = [" ".join(words[row]) for row in drawn]
    copied = rng.integers(0, distinct, count - distinct)
    prompts += [
        prompts[row] if kind else f"Please {prompts[row]}!"
        for row, kind in zip(copied.tolist(), (rng.random(len(copied)) < 0.5).tolist(), strict=True)
    ]
    answers = [" ".join(words[row]) for row in rng.integers(0, len(words), (count, 40))]
    ids = pd.util.hash_array(
        np.array([f"{p}|{a}" for p, a in zip(prompts, answers, strict=True)], dtype=object)
    )
    frame = pd.DataFrame(
        {
            "record_id": pd.Series([f"{value:016x}" for value in ids.tolist()], dtype="str"),
            "source_row_id": pd.Series([f"{'ab' * 6}:{row}" for row in range(count)], dtype="str"),
            "source": pd.Series("made_up", index=range(count), dtype="str"),
            "licence": pd.Series("MIT", index=range(count), dtype="str"),
            "messages": [[{"role": "user", "content": prompt}] for prompt in prompts],
            "prompt": pd.Series(prompts, dtype="str"),
            "answer": pd.Series(answers, dtype="str"),
            "flags": [[] for _ in range(count)],
        }
    )
    del prompts, answers, ids
    for name, rules in (
        ("content guard", {}),
        ("published method, words and pairs", {"content_guard": False}),
        ("published method, five-word windows", {"content_guard": False, "shingle_tokens": [5]}),
    ):
        before = psutil.Process().memory_info().rss / 2**20
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        started, cpu = time.monotonic(), time.process_time()
        kept, rejected, clusters = remove_duplicates(frame, DuplicateParameters(**rules))
        seconds, of_processor = time.monotonic() - started, time.process_time() - cpu
        print(
            f"{name}: {count:,} records in {seconds:.1f} s ({of_processor:.1f} s of processor time), "
            f"{len(kept):,} stay, {clusters['cluster_id'].nunique():,} clusters; "
            f"memory {before:,.0f} MiB before, {peak_mib():,.0f} MiB at most",
            flush=True,
        )
        del kept, rejected, clusters
        gc.collect()


def peak_mib() -> float:
    """The most memory since the peak was last cleared."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    measure(arguments.records, arguments.seed)


if __name__ == "__main__":
    main()
