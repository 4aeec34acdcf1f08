"""Claim: 1,000 k-center picks from 52,000 embeddings take at most 4 seconds of processor time and 300 MB.

    python benchmarks/k_center.py [--rows 52000] [--picks 1000] [--rounds 3] [--matrix-rows 20000] [--million]

Beside it, each in a process of its own, both written here from descriptions:

one vector    one vector of distances to the nearest pick, renewed for all records at each pick
full matrix   as DiverseEvol's code (arXiv 2311.08182) is described: all N x N distances in float32 at once,
              and the columns of what is picked, from which the minimum is taken, put together anew each pick

The full matrix of 52,000 records is 10.8 GB, so it is measured at 20,000 (1.6 GB); more by `--matrix-rows`,
where the machine has `SPARE_GB` beside it. Embeddings are made: 384 dimensions, float32, unit length, around
2,000 centres of very different weight. Memory is the most that the process had during the picking, less what
it had with the embeddings before. Processor time is that of all threads, which other work on the machine does
not stretch as it does the seconds. `same` is how many picks are those of ours, place by place; float32 loses
some. `--million` picks 100 from a million records (1.5 GB) too. Prints a Markdown table; exit status 1 where
the claim does not hold.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import psutil

from instruction_tuning.selection.samplers.k_center_greedy import k_center_greedy

DIMENSIONS = 384
MOST_PROCESSOR_SECONDS, MOST_MEGABYTES = 4.0, 300.0
SMALL_MATRIX_ROWS = 20_000
SPARE_GB = 8.0


def embeddings(rows: int) -> pd.DataFrame:
    """(N, D) unit vectors in float32, indexed by record id, always the same."""
    generator = np.random.default_rng(0)
    centres = generator.standard_normal((2000, DIMENSIONS), dtype=np.float32)
    points = centres[generator.zipf(1.3, rows) % len(centres)]
    for start in range(0, rows, 50_000):
        block = points[start : start + 50_000]
        spread = generator.uniform(0.2, 1, (len(block), 1)).astype(np.float32)
        block += spread * generator.standard_normal(block.shape, dtype=np.float32)
        block /= np.linalg.norm(block, axis=1, keepdims=True)
    return pd.DataFrame(points, index=[f"{row:08x}" for row in range(rows)])


def ours(frame: pd.DataFrame, picks: int, first: int) -> list[int]:
    scores = pd.Series(np.nan, index=frame.index)
    return [int(record, 16) for record in k_center_greedy(scores, frame, picks, seed=0)]


def one_vector(frame: pd.DataFrame, picks: int, first: int) -> list[int]:
    points = np.ascontiguousarray(frame.to_numpy(copy=False))
    norms = np.einsum("nd,nd->n", points, points)
    nearest = np.full(len(points), np.inf, dtype=points.dtype)
    chosen = [first]
    while len(chosen) < picks:
        distances = norms + norms[chosen[-1]] - 2 * (points @ points[chosen[-1]])
        np.minimum(nearest, np.maximum(distances, 0), out=nearest)
        nearest[chosen] = -1
        chosen.append(int(nearest.argmax()))
    return chosen


def full_matrix(frame: pd.DataFrame, picks: int, first: int) -> list[int]:
    points = frame.to_numpy(copy=False)
    norms = np.einsum("nd,nd->n", points, points)
    distances = points @ points.T  # (N, N)
    distances *= -2
    distances += norms
    distances += norms[:, None]
    np.sqrt(np.maximum(distances, 0, out=distances), out=distances)
    is_free = np.ones(len(points), dtype=bool)
    is_free[first] = False
    chosen = [first]
    to_chosen = distances[is_free, first][:, None]  # (free, picked)
    while len(chosen) < picks:
        farthest = int(to_chosen.min(axis=1).argmax())
        pick = int(np.flatnonzero(is_free)[farthest])
        is_free[pick] = False
        chosen.append(pick)
        to_chosen = np.delete(to_chosen, farthest, axis=0)
        to_chosen = np.concatenate([to_chosen, distances[is_free, pick][:, None]], axis=1)
    return chosen


ENGINES = {"ours": ours, "one vector": one_vector, "full matrix": full_matrix}


def run_engine(engine: str, rows: int, picks: int, first: int) -> dict[str, object]:
    """What one engine did in this process; the peak is counted anew from where the picking begins (Linux)."""
    frame = embeddings(rows)
    ENGINES[engine](frame.iloc[:2000], 20, 0)  # libraries load, threads start
    before = psutil.Process().memory_info().rss
    Path("/proc/self/clear_refs").write_text("5")
    started, processor = time.monotonic(), time.process_time()
    chosen = ENGINES[engine](frame, picks, first)
    seconds, processor = time.monotonic() - started, time.process_time() - processor
    peak = next(
        int(line.split()[1]) * 1024
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )
    return {"seconds": seconds, "processor": processor, "megabytes": (peak - before) / 1e6, "picks": chosen}


def in_its_own_process(engine: str, rows: int, picks: int, first: int = 0) -> dict[str, object]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "result.json"
        command = [sys.executable, __file__, "--engine", engine, "--rows", str(rows), "--picks", str(picks)]
        subprocess.run([*command, "--first", str(first), "--result", str(file)], check=True)
        return json.loads(file.read_text())


def row_of(engine: str, rows: int, results: list[dict[str, object]], expected: list[int]) -> str:
    middle = {
        name: statistics.median(float(one[name]) for one in results)  # type: ignore[arg-type]
        for name in ("seconds", "processor", "megabytes")
    }
    chosen: list[int] = results[0]["picks"]  # type: ignore[assignment]
    same = sum(a == b for a, b in zip(chosen, expected, strict=True))
    return (
        f"| {engine} | {rows:,} | {len(chosen):,} | {middle['seconds']:.1f} | {middle['processor']:.1f} "
        f"| {middle['megabytes']:,.0f} | {same:,} |\n"
    )


def main() -> int:
    """Measure all, print one table, and hold the first row against the claim."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=52_000)
    parser.add_argument("--matrix-rows", type=int, default=SMALL_MATRIX_ROWS)
    parser.add_argument("--picks", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--result", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.engine:
        given.result.write_text(json.dumps(run_engine(given.engine, given.rows, given.picks, given.first)))
        return 0
    sys.stdout.write(
        "| engine | records | picks | seconds | processor seconds | MB above the embeddings | same |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    )
    own = [in_its_own_process("ours", given.rows, given.picks) for _ in range(given.rounds)]
    expected: list[int] = own[0]["picks"]  # type: ignore[assignment]
    sys.stdout.write(row_of("ours", given.rows, own, expected))
    plain = in_its_own_process("one vector", given.rows, given.picks, expected[0])
    sys.stdout.write(row_of("one vector", given.rows, [plain], expected))
    sys.stdout.flush()
    _measure_matrix(given.matrix_rows, given.picks)
    if given.million:
        _measure_million()
    seconds = statistics.median(float(one["processor"]) for one in own)  # type: ignore[arg-type]
    megabytes = statistics.median(float(one["megabytes"]) for one in own)  # type: ignore[arg-type]
    return int(seconds > MOST_PROCESSOR_SECONDS or megabytes > MOST_MEGABYTES)


def _measure_matrix(rows: int, picks: int) -> None:
    free, need = psutil.virtual_memory().available / 1e9, 4e-9 * rows * rows
    if free < need + SPARE_GB:
        sys.stderr.write(f"full matrix of {rows:,} left out: it needs {need:.1f} GB of the {free:.1f} free\n")
        rows = min(rows, SMALL_MATRIX_ROWS)
    expected: list[int] = in_its_own_process("ours", rows, picks)["picks"]  # type: ignore[assignment]
    result = in_its_own_process("full matrix", rows, picks, expected[0])
    sys.stdout.write(row_of("full matrix", rows, [result], expected))
    sys.stdout.flush()


def _measure_million() -> None:
    own = in_its_own_process("ours", 1_000_000, 100)
    expected: list[int] = own["picks"]  # type: ignore[assignment]
    sys.stdout.write(row_of("ours", 1_000_000, [own], expected))
    plain = in_its_own_process("one vector", 1_000_000, 100, expected[0])
    sys.stdout.write(row_of("one vector", 1_000_000, [plain], expected))


if __name__ == "__main__":
    sys.exit(main())
