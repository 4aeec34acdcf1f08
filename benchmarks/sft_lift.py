"""What SFT on the default selection changes: base and SFT model, three seeds, every ability, both forms.

python benchmarks/sft_lift.py [--seeds 1 2 3] [--base FOLDER]

Runs the chain up to the evaluation once a seed (selection, teacher and training all take the seed) in
a scratch copy of the project, from the committed base or from another (`--base`), and prints a Markdown
table: mean score in percent, the mean over seeds with the lowest and the highest. The base does not
depend on the seed. Each seed's verdict goes to stderr.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import yaml

PROJECT = Path(__file__).resolve().parents[1]
# The default run measures fewer, to be done in minutes.
ITEMS = ("evaluation.items_per_ability=200", "evaluation.items_per_reported_ability=48")


def main() -> None:
    """Run every seed and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--base", type=Path, help="a folder with another base model, of another size say")
    parser.add_argument("--metrics", type=Path, help="write all figures to this CSV file too")
    parser.add_argument("--params", default="", help="more parameters, as for kedro run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        project = copy_project(Path(scratch) / "project")
        if given.base:
            settings = yaml.safe_dump({"base_model": str(given.base.resolve())})
            (project / "conf/local").mkdir(exist_ok=True)
            (project / "conf/local/globals.yml").write_text(settings, encoding="utf-8")
        results = [run_seed(project, seed, given.params) for seed in given.seeds]
    metrics = pd.concat(results)
    if given.metrics:
        metrics.to_csv(given.metrics, index=False)
    sys.stdout.write(table(metrics) + "\n")


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
    parameters = ",".join([*(f"{stage}.seed={seed}" for stage in stages), *ITEMS, *filter(None, [more])])
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "kedro", "run", "--pipeline=evaluation", f"--params={parameters}"],
        cwd=project,
        check=True,
        stdout=sys.stderr,
    )
    versions = sorted((project / "data/08_reporting/benchmark_metrics.parquet").iterdir())
    metrics = pd.read_parquet(versions[-1] / "benchmark_metrics.parquet")
    verdicts = sorted((project / "data/08_reporting/promotion_verdict.json").iterdir())
    verdict = json.loads((verdicts[-1] / "promotion_verdict.json").read_text(encoding="utf-8"))
    sys.stderr.write(f"seed {seed}: {time.monotonic() - started:.0f} s, verdict {verdict['verdict']}\n")
    sys.stderr.write("".join(f"  {check['name']}: {check['detail']}\n" for check in verdict["checks"]))
    return metrics.assign(seed=seed)


def table(metrics: pd.DataFrame) -> str:
    """A row an ability: mean score in percent, over seeds the mean [lowest, highest].

    What stands below `macro` does not count for it.
    """
    columns = [
        ("base", "document_few_shot"),
        ("base", "chat_zero_shot"),
        ("base", "chat_few_shot"),
        ("candidate", "document_few_shot"),
        ("candidate", "chat_zero_shot"),
        ("candidate", "chat_few_shot"),
    ]
    names = [f"{'SFT' if role == 'candidate' else role}, {form.replace('_', ' ')}" for role, form in columns]
    lines = [f"| ability | {' | '.join(names)} |", f"|---{'|---' * len(names)}|"]
    counted = metrics.drop_duplicates("ability").set_index("ability")["counted"].drop("macro")
    by_cell = metrics.groupby(["ability", "model_role", "form"])
    for ability in [*sorted(counted[counted].index), "macro", *sorted(counted[~counted].index)]:
        cells = [_cell(by_cell.get_group((ability, role, form))["accuracy"]) for role, form in columns]
        lines.append(f"| {ability} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(accuracies: pd.Series) -> str:
    mean, low, high = (100 * value for value in (accuracies.mean(), accuracies.min(), accuracies.max()))
    return f"{mean:.1f}" if low == high else f"{mean:.1f} [{low:.1f}, {high:.1f}]"


if __name__ == "__main__":
    main()
