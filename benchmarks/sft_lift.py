"""What SFT on the default selection changes: base and SFT model, three seeds, every ability, both forms.

python benchmarks/sft_lift.py [--seeds 1 2 3] [--project FOLDER]

Runs the chain up to the evaluation once a seed (selection, teacher and training all take the seed) in
a scratch copy of the project, and prints a Markdown table: the mean over seeds, with the lowest and the
highest. The base does not depend on the seed. Test items are read here and nowhere else.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

PROJECT = Path(__file__).resolve().parents[1]
FORMS = ("document_few_shot", "chat_zero_shot", "chat_few_shot")


def main() -> None:
    """Run every seed and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--params", default="", help="more parameters, as for kedro run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        project = copy_project(Path(scratch) / "project")
        results = [run_seed(project, seed, given.params) for seed in given.seeds]
    sys.stdout.write(table(pd.concat(results)) + "\n")


def copy_project(target: Path) -> Path:
    """The project's tracked and new files, without data that a run made."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    for name in listed:
        if (PROJECT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, target / name)
    return target


def run_seed(project: Path, seed: int, more: str) -> pd.DataFrame:
    """The metrics of one run whose selection, teacher requests and training take `seed`."""
    stages = ("query_selection", "answer_generation", "sft")
    parameters = ",".join([*(f"{stage}.seed={seed}" for stage in stages), *filter(None, [more])])
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "kedro", "run", "--pipeline=evaluation", f"--params={parameters}"],
        cwd=project,
        check=True,
        stdout=sys.stderr,
    )
    versions = sorted((project / "data/08_reporting/benchmark_metrics.parquet").iterdir())
    metrics = pd.read_parquet(versions[-1] / "benchmark_metrics.parquet")
    sys.stderr.write(f"seed {seed}: {time.monotonic() - started:.0f} s\n")
    return metrics.assign(seed=seed)


def table(metrics: pd.DataFrame) -> str:
    """A row an ability and form: base, SFT mean over seeds [lowest, highest], difference in points."""
    lines = ["| ability | form | base | SFT, mean [lowest, highest] | points |", "|---|---|---|---|---|"]
    for form in FORMS:
        for ability, group in metrics[metrics["form"] == form].groupby("ability", sort=True):
            base = group.loc[group["model_role"] == "base", "accuracy"].mean()
            tuned = group.loc[group["model_role"] == "candidate", "accuracy"]
            lines.append(
                f"| {ability} | {form} | {base:.1%} | {tuned.mean():.1%} "
                f"[{tuned.min():.1%}, {tuned.max():.1%}] | {(tuned.mean() - base) * 100:+.1f} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
