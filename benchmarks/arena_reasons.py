"""Why the selection arena ends as it does: what each method picked, ability by ability, and what came of it.

python benchmarks/arena_reasons.py [--project .]

Reads the newest results of `kedro run --pipeline=selection_arena` in a project on the default pool. A row a
method, best first: for each ability the share of its picks in percent, by the world's own reading of the
prompt (mean over seeds; *unread* are those that it does not know, follow-up questions of dialogues mostly),
and after the arrow the mean score in chat. Nothing is trained.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from trained_arms import newest

from instruction_tuning.microworld.request_forms import questions_of
from instruction_tuning.microworld.teacher import Teacher, TeacherFaults
from instruction_tuning.microworld.world import WORLD_SEED, build_world

UNREAD = "unread"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--project", type=Path, default=Path("."))
    given = parser.parse_args()
    pool = newest(given.project, "data/03_primary/instruction_pool.parquet").set_index("record_id")
    picks = newest(given.project, "data/04_feature/compared_selections.parquet")
    scores = newest(given.project, "data/07_model_output/arena_scores.parquet")
    abilities = dict(zip(pool.index, map(reader(), pool["prompt"]), strict=True))
    asked = scores[(scores["form"] == "chat_zero_shot") & scores["counted"]]
    mean = 100 * asked.groupby(["method", "ability"])["score"].mean().unstack()
    everything = pd.concat([picks, pd.DataFrame({"method": "full_pool", "record_id": pool.index})])
    of_picks = everything.assign(ability=everything["record_id"].map(abilities))
    share = 100 * pd.crosstab(of_picks["method"], of_picks["ability"], normalize="index")
    names = [*mean.columns, UNREAD]
    lines = [f"| method | {' | '.join(names)} |", f"|---{'|---' * len(names)}|"]
    for method in mean.mean(axis=1).sort_values(ascending=False).index:
        cells = [
            f"{share.get(name, pd.Series(dtype=float)).get(method, 0.0):.0f}"
            + (f" → {mean.loc[method, name]:.0f}" if name in mean else "")
            for name in names
        ]
        lines.append(f"| {method} | {' | '.join(cells)} |")
    sys.stdout.write("\n".join(lines) + "\n")


def reader() -> Callable[[str], str]:
    """What ability a prompt asks for."""
    teacher = Teacher(build_world(WORLD_SEED), TeacherFaults(), seed=0)

    def ability(prompt: str) -> str:
        item = teacher._recognise(questions_of(prompt))
        return UNREAD if item is None else item[0].use_case

    return ability


if __name__ == "__main__":
    main()
