"""Deita's REPR filter beside the loop that its paper's code runs, on the same made-up embeddings.

    python benchmarks/repr_filter.py

The loop is written anew from its description: each candidate, from the highest score down, is normalised and
compared with `embeddings[accepted]`, which is copied and normalised for every candidate. Both get the same
float32 vectors and scores and have to pick the same records in the same order; exit status 1 where they do
not, or where the loop does not take 30 times the processor's seconds. The second pool is for ours only: the
loop would take minutes.

The vectors are clusters of different sizes with cosines on both sides of the threshold. "looked at" counts
the candidates up to the last pick. The shortest of the rounds for ours, one run for the loop; "processor"
adds up all threads.
"""

import argparse
import sys
import time

import numpy as np
import pandas as pd

from instruction_tuning.selection.samplers.repr_filter import repr_filter

THRESHOLD, BOUND = 0.9, 30.0


def clusters(records: int, dimensions: int, centres: int, seed: int) -> tuple[pd.Series, pd.DataFrame]:
    """Scores and float32 embeddings of `records`, in `centres` clusters with a long tail."""
    generator = np.random.default_rng(seed)
    shares = 1.0 / np.sqrt(np.arange(1, centres + 1))
    members = generator.choice(centres, size=records, p=shares / shares.sum())
    points = generator.normal(size=(centres, dimensions)).astype(np.float32)[members]
    # Two members of a cluster have a cosine of about 1 / (1 + spread²): from 0.86 to 1.
    spread = generator.uniform(0.0, 0.4, size=(records, 1)).astype(np.float32)
    points += spread * generator.normal(size=points.shape).astype(np.float32)
    ids = [f"{row:016x}" for row in range(records)]
    scores = pd.Series(generator.normal(size=records), index=ids, name="deita_score")
    return scores, pd.DataFrame(points, index=ids, copy=False)


def published_loop(scores: pd.Series, embeddings: pd.DataFrame, budget: int) -> list[str]:
    """One candidate after the other, each against a fresh copy of what is accepted."""
    vectors = embeddings.to_numpy()
    order = np.argsort(-scores.to_numpy(), kind="stable")
    accepted: list[int] = []
    for row in order:
        candidate = vectors[row] / np.linalg.norm(vectors[row])
        if accepted:
            others = vectors[accepted]
            others = others / np.linalg.norm(others, axis=1, keepdims=True)
            if (others @ candidate).max() > THRESHOLD:
                continue
        accepted.append(int(row))
        if len(accepted) == budget:
            break
    return [scores.index[row] for row in accepted]


def ours(scores: pd.Series, embeddings: pd.DataFrame, budget: int) -> list[str]:
    return repr_filter(scores, embeddings, budget, seed=0, threshold=THRESHOLD)


def looked_at(scores: pd.Series, picks: list[str]) -> int:
    return int((scores >= scores[picks[-1]]).sum())


def main() -> int:
    """Print one Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--large-records", type=int, default=300_000)
    parser.add_argument("--budget", type=int, default=6_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rows = []

    def measured(name: str, pool: tuple[pd.Series, pd.DataFrame], rounds: int) -> tuple[list[str], float]:
        run = ours if name == "ours" else published_loop
        seconds, processor, picks = float("inf"), float("inf"), []
        for _ in range(rounds):
            started, used = time.perf_counter(), time.process_time()
            picks = run(*pool, given.budget)
            seconds = min(seconds, time.perf_counter() - started)
            processor = min(processor, time.process_time() - used)
        shape = " × ".join(f"{size:,}" for size in pool[1].shape)
        counts = (f"{len(picks):,}", f"{looked_at(pool[0], picks):,}")
        rows.append((shape, name, *counts, f"{seconds:.2f}", f"{processor:.2f}"))
        return picks, processor

    pool = clusters(given.records, 384, round(1.35 * given.budget), given.seed)
    fast_picks, fast = measured("ours", pool, given.rounds)
    slow_picks, slow = measured("published loop", pool, 1)
    large = clusters(given.large_records, 64, round(0.5 * given.budget), given.seed)
    measured("ours", large, given.rounds)
    sys.stdout.write(
        "| pool | filter | picked | looked at | seconds | processor |\n|---|---|---:|---:|---:|---:|\n"
    )
    sys.stdout.write("".join(f"| {' | '.join(row)} |\n" for row in rows))
    same = fast_picks == slow_picks
    sys.stdout.write(
        f"\n{slow / fast:.0f} times as fast (bound {BOUND:.0f}); the same picks: {'yes' if same else 'no'}\n"
    )
    return int(not same or slow / fast < BOUND)


if __name__ == "__main__":
    sys.exit(main())
