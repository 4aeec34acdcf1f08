"""Does a judge's rating of the records' own answers matter? Best, drawn and worst rated ones, side by side.

python benchmarks/quality_first.py [--seeds 1 2 3 4 5] [--budget 300] [--items 100]

In a scratch copy of the project `kedro run --pipeline=pool_ratings` has the built-in teacher rate the pool's
records with their own answers. Three arms of `--budget` records are trained on as they are: the highest
rated, as many drawn evenly, and the lowest rated; equal ratings by chance, which takes the seed as the
training does. Prints how many answers of each arm the world calls right, where it knows the question
(*mechanism*: the ratings are the teacher's script), and what models that learnt from them score on validation
items (*effect*), differences to the drawn ones in pairs of seeds and items with 95% intervals, and the
smallest difference that these seeds and items resolve. Fewer than three seeds are refused.

`alpagasus` in the selection arena goes by the same ratings; there every method's picks are answered anew.
"""

import sys
import tempfile
from pathlib import Path

import pandas as pd
from sft_lift import copy_project
from trained_arms import arguments, effect_table, kedro_run, newest, parsed, right_table

from instruction_tuning.seeds import substream_seed

BEST, DRAWN, WORST = "highest_rated", "uniform", "lowest_rated"


def main() -> None:
    """Rate, train, and print both tables."""
    parser = arguments(__doc__, seeds=5)
    parser.add_argument("--budget", type=int, default=300)
    given = parsed(parser)
    with tempfile.TemporaryDirectory() as scratch:
        project = copy_project(Path(scratch) / "project")
        kedro_run(project, "--pipeline=pool_ratings", "--params=pool_ratings.measures=[judge_rating]")
        pool = newest(project, "data/03_primary/instruction_pool.parquet")
        rated = newest(project, "data/04_feature/rated_pool.parquet")
        pool = pool.merge(rated[["record_id", "judge_rating_score"]], on="record_id")
        pool = pool[pool["judge_rating_score"].notna()]
        chosen = {seed: arms_of(pool, given.budget, seed) for seed in given.seeds}
        sys.stdout.write(f"## Mechanism\n\n{right_table(chosen)}\n\n")
        arms = pd.concat(
            frame[["record_id"]].assign(method=arm, seed=seed)
            for seed, frames in chosen.items()
            for arm, frame in frames.items()
        )
        table = effect_table(project, pool, arms, reference=DRAWN, items=given.items, epochs=given.epochs)
    sys.stdout.write(f"## Effect\n\n{table}\n")


def arms_of(pool: pd.DataFrame, budget: int, seed: int) -> dict[str, pd.DataFrame]:
    """The records of each arm."""
    shuffled = pool.iloc[
        sorted(range(len(pool)), key=lambda row: substream_seed(seed, "tie", pool["record_id"].iloc[row]))
    ]
    by_rating = shuffled.sort_values("judge_rating_score", kind="stable")
    return {BEST: by_rating.tail(budget), DRAWN: shuffled.head(budget), WORST: by_rating.head(budget)}


if __name__ == "__main__":
    main()
