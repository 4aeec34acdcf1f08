"""Complexity-first diverse sampling beside the loop that InsTag describes, on one made-up pool.

    python benchmarks/instag_sampling.py [--limit SECONDS]

The loop is our own, written from the paper's words (arXiv 2308.07074; its repository has no code): pass after
pass over a Python list, `remove` for each record taken. It is stopped after `--limit` seconds, and its picks
so far are compared. The pool is made like the paper's: 300,000 records, 6,400 tags with a long tail, 4.5 tags
a record; and a small one, on which the loop ends.

Times are seconds of the processor from scores and tags in frames to record ids, of one thread, so that other
work on the machine counts little. Exit status 1 where ours takes more than 10 seconds, or picks others.
"""

import argparse
import sys
import time

import numpy as np
import pandas as pd

from instruction_tuning.selection.samplers.instag_diverse import instag_diverse

MOST_SECONDS = 10.0
TAGS, MEAN_TAGS = 6_400, 4.5
# Records, budget.
SIZES = ((20_000, 2_000), (20_000, 20_000), (300_000, 6_000), (300_000, 30_000), (300_000, 300_000))


def made_up_pool(records: int, seed: int) -> tuple[pd.Series, pd.DataFrame]:
    """Scores (the number of tags) and tags by record id; record ids in no order."""
    generator = np.random.default_rng(seed)
    weights = 1.0 / np.arange(1, TAGS + 1) ** 0.9
    lengths = generator.geometric(1 / MEAN_TAGS, records)
    drawn = generator.choice(TAGS, size=int(lengths.sum()), p=weights / weights.sum())
    names = np.array([f"tag {number:04d}" for number in range(TAGS)], dtype=object)[drawn]
    lists = [list(dict.fromkeys(part.tolist())) for part in np.split(names, np.cumsum(lengths)[:-1])]
    ids = pd.Index([f"{number:016x}" for number in generator.permutation(records)], name="record_id")
    scores = pd.Series([float(len(tags)) for tags in lists], index=ids, name="tag_count_score")
    return scores, pd.DataFrame({"tags": pd.Series(lists, index=ids, dtype=object)})


def published_loop(
    scores: pd.Series, features: pd.DataFrame, budget: int, limit_seconds: float
) -> tuple[list[str], bool]:
    """The picks, and whether the loop ended within the limit."""
    stop = time.process_time() + limit_seconds
    by_id = scores.to_dict()
    tags = {record: set(names) for record, names in features["tags"].items()}
    remaining = sorted(by_id, key=lambda record: (-by_id[record], record))
    picks: list[str] = []
    while remaining and len(picks) < budget:
        covered: set[str] = set()
        for record in list(remaining):
            if not tags[record] <= covered:
                picks.append(record)
                covered |= tags[record]
                remaining.remove(record)
                if len(picks) == budget:
                    break
                if time.process_time() > stop:
                    return picks, False
    return picks, True


def main() -> int:
    """Time both, and print one Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--limit", type=float, default=60.0, help="seconds of the processor for the loop")
    given = parser.parse_args()
    sys.stdout.write(
        "| records | budget | ours, s | the loop, s | its picks | same picks |\n"
        "|---:|---:|---:|---:|---:|---|\n"
    )
    missed = False
    for records, budget in SIZES:
        scores, features = made_up_pool(records, seed=1)
        started = time.process_time()
        ours = instag_diverse(scores, features, budget, seed=0)
        seconds = time.process_time() - started
        started = time.process_time()
        theirs, ended = published_loop(scores, features, budget, given.limit)
        loop_seconds = time.process_time() - started
        same = ours == theirs if ended else ours[: len(theirs)] == theirs
        missed |= not same or seconds > MOST_SECONDS
        shown = f"{loop_seconds:.1f}" if ended else f"stopped at {loop_seconds:.0f}"
        verdict = "yes" if same else "NO"
        sys.stdout.write(
            f"| {records:,} | {budget:,} | {seconds:.1f} | {shown} | {len(theirs):,} | {verdict} |\n"
        )
        sys.stdout.flush()
    sys.stdout.write(f"{'missed' if missed else 'held'}: at most {MOST_SECONDS:g} s and the same picks\n")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
