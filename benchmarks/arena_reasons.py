"""Why the selection arena ends as it does: what each method picked, ability by ability, and what came of it.

python benchmarks/arena_reasons.py [--project .]

Reads the newest results of `kedro run --pipeline=selection_arena` in a project on the default pool. A row a
method, best first: for each ability the share of its picks in percent, by the world's own reading of the
prompt (mean over seeds; *unread* are those that it does not know, follow-up questions of dialogues mostly),
and after the arrow the mean score in chat; *skills* are how many of the world's it picked from with any seed.
Nothing is trained.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd
from trained_arms import items_of, newest

UNREAD = "unread"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--project", type=Path, default=Path("."))
    given = parser.parse_args()
    pool = newest(given.project, "data/03_primary/instruction_pool.parquet").set_index("record_id")
    picks = newest(given.project, "data/04_feature/compared_selections.parquet")
    scores = newest(given.project, "data/07_model_output/arena_scores.parquet")
    items = dict(zip(pool.index, items_of(pool["prompt"]), strict=True))
    abilities = {name: UNREAD if item is None else item[0].use_case for name, item in items.items()}
    skills = {name: None if item is None else item[0].name for name, item in items.items()}
    asked = scores[(scores["form"] == "chat_zero_shot") & scores["counted"]]
    mean = 100 * asked.groupby(["method", "ability"])["score"].mean().unstack()
    everything = pd.concat([picks, pd.DataFrame({"method": "full_pool", "record_id": pool.index})])
    of_picks = everything.assign(
        ability=everything["record_id"].map(abilities), skill=everything["record_id"].map(skills)
    )
    num_skills = of_picks.groupby("method")["skill"].nunique()
    share = 100 * pd.crosstab(of_picks["method"], of_picks["ability"], normalize="index")
    names = [*mean.columns, UNREAD]
    lines = [f"| method | skills | {' | '.join(names)} |", f"|---|---{'|---' * len(names)}|"]
    for method in mean.mean(axis=1).sort_values(ascending=False).index:
        cells = [
            f"{share.get(name, pd.Series(dtype=float)).get(method, 0.0):.0f}"
            + (f" → {mean.loc[method, name]:.0f}" if name in mean else "")
            for name in names
        ]
        lines.append(f"| {method} | {num_skills[method]} | {' | '.join(cells)} |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
