"""The samples of docs/incremental_runs.md and docs/lineage.md: real plans and real explanations.

python benchmarks/show_runs.py [--env test]

In a scratch copy of the project: a run, the plan after typical edits, a run after one of them, three records,
one model and the rows of one source. About two minutes on two cores.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
from sft_lift import copy_project

EDITED = "src/instruction_tuning/dedup/minhash_lsh.py"
COMMENT = "# A comment changes nothing.\n"


def main() -> None:
    """Print everything, one command after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--env", default="test")
    env = f"--env={parser.parse_args().env}"
    with tempfile.TemporaryDirectory() as scratch:
        project = copy_project(Path(scratch) / "project")
        kedro(project, "run", env, quiet=True)
        kedro(project, "run", env, "--dry-run", "--params=reward_model.learning_rate=0.001")
        before = (project / EDITED).read_text(encoding="utf-8")
        (project / EDITED).write_text(COMMENT + before, encoding="utf-8")
        kedro(project, "run", env, "--dry-run")
        (project / EDITED).write_text(with_a_line_more(before), encoding="utf-8")
        kedro(project, "run", env, "--dry-run")
        kedro(project, "run", env)
        (project / EDITED).write_text(before, encoding="utf-8")
        for record in records(project):
            kedro(project, "explain", record)
        kedro(project, "explain", "models:/sft-model/1")
        kedro(project, "explain", "models:/sft-model/1", "--source", "belle.jsonl", may_fail=True)


def with_a_line_more(source: str) -> str:
    """A line in `near_duplicates` that changes its code and nothing that it returns."""
    marker = "def near_duplicates("
    head, found, body = source.partition(marker)
    docstring_end = body.index('"""', body.index('"""') + 3) + len('"""\n')
    assert found, f"{EDITED} has no {marker}"
    return head + marker + body[:docstring_end] + "    texts = list(texts)\n" + body[docstring_end:]


def records(project: Path) -> list[str]:
    """One that was copied, selected and answered; one that leaks a test item; one that was not selected."""
    rejected, decisions, examples = (
        newest(project, name)
        for name in (
            "03_primary/rejected_records",
            "04_feature/selection_decisions",
            "05_model_input/verified_examples",
        )
    )
    answered = set(examples["record_id"].str.slice(0, 16))
    copied = [record for record in rejected.loc[rejected["stage"] == "near_duplicate", "collides_with"]]
    leaks = rejected.loc[rejected["stage"] == "contaminated", "source_row_id"]
    passed_over = decisions.loc[decisions["rank"].isna(), "record_id"]
    return [next(record for record in copied if record in answered), leaks.iat[0], passed_over.iat[0]]


def newest(project: Path, name: str) -> pd.DataFrame:
    """The last version of a stored frame."""
    folder = project / "data" / f"{name}.parquet"
    return pd.read_parquet(max(folder.iterdir()) / folder.name)


def kedro(project: Path, *arguments: str, quiet: bool = False, may_fail: bool = False) -> None:
    """Run the command in `project` and print it with what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "kedro", *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project / "src")},
        capture_output=True,
        text=True,
    )
    if done.returncode and not may_fail:
        sys.exit(f"kedro {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}\n{done.stdout}")
    if not quiet:
        plan = [
            line.partition("live: ")[2] for line in done.stderr.splitlines() if "incremental.live" in line
        ]
        sys.stdout.write("\n".join([f"\n$ kedro {' '.join(arguments)}", *plan, done.stdout]) + "\n")


if __name__ == "__main__":
    main()
