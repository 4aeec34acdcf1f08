"""What each selection method picks of Stanford Alpaca at 1, 5 and 10%: coverage, overlap, cost, agreement.

python benchmarks/alpaca_selection.py [--methods uniform k_center ...]

Runs `kedro run --env=alpaca --pipeline=selection_comparison` once, at 10%, in a scratch copy of the project,
with the methods that need no teacher and the shipped base as the model that scores; the smaller budgets are
prefixes. Prints three Markdown tables: each method at each budget; how much its picks agree with what others
published (the records that AlpaGasus kept, and Cherry's 5%, as far as they are in this pool), against chance;
and how well each score alone ranks those above the rest (AUC, 0.5 is chance). Needs REAL_DATA_DIR; where it
is not there, a message says so and nothing runs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from sft_lift import copy_project

from instruction_tuning.canonical.records import row_number_of
from instruction_tuning.reporting.selection_comparison import POOL, selection_comparison
from instruction_tuning.statistics.intervals import wilson_interval

DATA = Path(os.environ.get("REAL_DATA_DIR", Path(__file__).parents[1].parent / "shared" / "data"))
ALPACA = DATA / "alpaca_en" / "alpaca_data.parquet"
PUBLISHED = {
    "AlpaGasus": DATA / "alpaca_en_selected" / "alpagasus_claude_t45.parquet",
    "Cherry 5%": DATA / "alpaca_en_selected" / "cherry_alpaca_5_percent.parquet",
}
METHODS = (
    *("uniform", "k_center", "facility_location", "clusters", "instag", "instag_length_controlled"),
    *("tag_balance", "lima", "ifd", "superfiltering", "perplexity_band", "capability", "cheap_and_good"),
    "diverse_ifd",
)
SHARES = (0.01, 0.05, 0.10)
COLUMNS = {
    "covered_rate": "covered",
    "mean_distance": "mean distance",
    "vendi_score": "Vendi",
    "mean_overlap": "mean overlap",
    "tag_covered_rate": "tags covered",
    "prompt_tokens_median": "prompt, median",
    "answer_tokens_median": "answer, median",
    "cost/seconds": "s per 1,000",
}


def main() -> int:
    """Run, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--records", type=int, help="the first so many only, to try the script")
    given = parser.parse_args()
    if not ALPACA.is_file():
        sys.stdout.write(f"left out: no records at {ALPACA}; set REAL_DATA_DIR\n")
        return 0
    rows = pd.read_parquet(ALPACA).head(given.records)
    with tempfile.TemporaryDirectory() as scratch:
        project = copy_project(Path(scratch) / "project")
        frames = _run(project, rows, given.methods)
    pool, picks = frames["instruction_pool"], frames["compared_selections"].sort_values("rank")
    by_method = {name: picks.loc[picks["method"] == name, "record_id"].tolist() for name in given.methods}
    sys.stdout.write(_budgets(pool, by_method, frames) + "\n\n")
    published = {name: _members(file, rows, pool) for name, file in PUBLISHED.items()}
    sys.stdout.write(_agreement(pool, by_method, published) + "\n\n")
    sys.stdout.write(_ranking(frames["compared_scores"], published) + "\n")
    return 0


def _run(project: Path, rows: pd.DataFrame, methods: list[str]) -> dict[str, pd.DataFrame]:
    source = project / "alpaca.parquet"
    rows.to_parquet(source, index=False)
    settings: dict[str, dict[str, object]] = {
        "pool_ratings": {"measures": []},
        "selection_comparison": {
            "methods": list(methods),
            "reference": methods[0],
            "seeds": [1],
            "budget": int(SHARES[-1] * len(rows)),
        },
    }
    for name, changed in settings.items():
        file = project / "conf" / "alpaca" / f"parameters_{name}.yml"
        file.write_text(yaml.safe_dump({name: changed}), encoding="utf-8")
    command = [sys.executable, "-m", "kedro", "run", "--env=alpaca", "--pipeline=selection_comparison"]
    subprocess.run([*command, f"--params=data={source}"], cwd=project, check=True, stdout=sys.stderr)
    wanted = (
        *("instruction_pool", "compared_selections", "compared_scores", "compared_embeddings"),
        "selection_costs",
    )
    return {name: _newest(project, name) for name in wanted}


def _newest(project: Path, name: str) -> pd.DataFrame:
    (folder,) = project.glob(f"data/*/{name}.parquet")
    return pd.read_parquet(sorted(folder.iterdir())[-1] / folder.name)


def _budgets(pool: pd.DataFrame, by_method: dict[str, list[str]], frames: dict[str, pd.DataFrame]) -> str:
    vectors = frames["compared_embeddings"].set_index("record_id")
    tags = frames["compared_scores"].set_index("record_id")[["tags"]]
    lines = [
        f"| budget | method | picked | {' | '.join(COLUMNS.values())} |",
        f"|---:|---|---:{'|---:' * len(COLUMNS)}|",
    ]
    for share in SHARES:
        budget = int(share * len(pool))
        prefixes = {name: picks[:budget] for name, picks in by_method.items()}
        table = selection_comparison(
            prefixes, pool, vectors, tags=tags, costs=frames["selection_costs"], seed=1
        ).table
        for row in table[table["method"] != POOL].to_dict("records"):
            cells = [f"{row[column]:.3g}" for column in COLUMNS]
            lines.append(f"| {share:.0%} | {row['method']} | {row['selected']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _members(file: Path, rows: pd.DataFrame, pool: pd.DataFrame) -> set[str]:
    """The pool's records that a published selection holds: the same instruction and input."""
    published = pd.read_parquet(file)
    keys = set(zip(published["instruction"].str.strip(), _input(published), strict=True))
    own = list(zip(rows["instruction"].str.strip(), _input(rows), strict=True))
    numbers = pool["source_row_id"].map(row_number_of).astype(int)
    return {
        record for record, number in zip(pool["record_id"], numbers, strict=True) if own[number - 1] in keys
    }


def _input(rows: pd.DataFrame) -> pd.Series:
    return rows["input"].fillna("").str.strip().replace("<noinput>", "")


def _agreement(pool: pd.DataFrame, by_method: dict[str, list[str]], published: dict[str, set[str]]) -> str:
    lines = [
        f"| budget | method | {' | '.join(f'in {name}, % of picks' for name in published)} |",
        f"|---:|---|{'---:|' * len(published)}",
        "| | chance | "
        + " | ".join(
            f"{100 * len(held) / len(pool):.1f} ({len(held)} records)" for held in published.values()
        )
        + " |",
    ]
    for share in SHARES:
        for method, picks in by_method.items():
            taken = picks[: int(share * len(pool))]
            cells = []
            for held in published.values():
                interval = wilson_interval(len(held & set(taken)), len(taken))
                low, high = 100 * interval.low, 100 * interval.high
                cells.append(f"{100 * interval.estimate:.1f} [{low:.1f}, {high:.1f}]")
            lines.append(f"| {share:.0%} | {method} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _ranking(scores: pd.DataFrame, published: dict[str, set[str]]) -> str:
    from sklearn.metrics import roc_auc_score

    lines = [
        f"| score | {' | '.join(f'AUC, {name}' for name in published)} |",
        f"|---|{'---:|' * len(published)}",
    ]
    for name in scores.select_dtypes(np.number).columns:
        known = scores[scores[name].notna()]
        cells = []
        for held in published.values():
            inside = known["record_id"].isin(held)
            told = 0 < inside.sum() < len(known)
            cells.append(f"{roc_auc_score(inside, known[name]):.3f}" if told else "")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
