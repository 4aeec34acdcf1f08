"""The sandbox: small programs a second, HumanEval's canonical solutions, MBPP's stored verdicts.

python benchmarks/sandbox.py [--workers N] [--show]

At least 50 small programs a second on two cores; every canonical solution passes; at least 98% of the stored
verdicts on GPT-4's MBPP programs agree. `--show` prints each difference. The data sets are looked for in
REAL_DATA_DIR and left out with a message where they are not there. Exit status 1 where a bound is missed.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import pandas as pd

from instruction_tuning.sandbox.limits import Limits
from instruction_tuning.sandbox.outcome import Outcome
from instruction_tuning.sandbox.pool import Sandbox
from instruction_tuning.sandbox.program import Program
from instruction_tuning.verification.code import humaneval_program

DATA = Path(os.environ.get("REAL_DATA_DIR", Path(__file__).parents[1].parent / "shared" / "data"))
SMALL_PROGRAMS = 500
LEAST_PER_SECOND = 50.0
LEAST_AGREEMENT = 0.98


def main() -> int:
    """Measure, and print one Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    rows: list[tuple[str, str, bool]] = []
    with Sandbox(limits=Limits(), workers=given.workers) as sandbox:
        sys.stderr.write(f"{sandbox.barriers}\n")
        rows.append(_throughput(sandbox))
        rows += _humaneval(sandbox, show=given.show) + _mbpp(sandbox, show=given.show)
    sys.stdout.write("| measure | value | bound kept |\n|---|---|---|\n")
    sys.stdout.write(
        "".join(f"| {name} | {value} | {'yes' if kept else 'NO'} |\n" for name, value, kept in rows)
    )
    return int(not all(kept for _, _, kept in rows))


def _throughput(sandbox: Sandbox) -> tuple[str, str, bool]:
    programs = [
        Program(f"def add(a, b):\n    return a + b + {i}\n", f"assert add(1, 2) == {3 + i}")
        for i in range(SMALL_PROGRAMS)
    ]
    started = time.monotonic()
    outcomes = sandbox.run_all(programs)
    rate = len(programs) / (time.monotonic() - started)
    assert all(outcome.status == "passed" for outcome in outcomes)
    return f"{SMALL_PROGRAMS} small programs, a second", f"{rate:.0f}", rate >= LEAST_PER_SECOND


def _humaneval(sandbox: Sandbox, *, show: bool) -> list[tuple[str, str, bool]]:
    file = DATA / "humaneval" / "HumanEval.parquet"
    if not file.is_file():
        sys.stderr.write(f"HumanEval left out: no {file}\n")
        return []
    items = pd.read_parquet(file).to_dict("records")
    outcomes = sandbox.run_all(
        [
            humaneval_program(
                prompt=item["prompt"],
                completion=item["canonical_solution"],
                test=item["test"],
                entry_point=item["entry_point"],
            )
            for item in items
        ]
    )
    passed = [outcome.status == "passed" for outcome in outcomes]
    _show(show, [str(item["task_id"]) for item in items], [True] * len(items), outcomes)
    return [
        ("HumanEval, canonical solutions passed", f"{sum(passed)} of {len(passed)}", all(passed)),
        ("HumanEval, longest, seconds", f"{max(outcome.seconds for outcome in outcomes):.2f}", True),
    ]


def _mbpp(sandbox: Sandbox, *, show: bool) -> list[tuple[str, str, bool]]:
    file = DATA / "mbpp" / "gpt4_solutions_reflexion.parquet"
    if not file.is_file():
        sys.stderr.write(f"MBPP left out: no {file}\n")
        return []
    frame = pd.read_parquet(file)
    items = [json.loads(line) for line in frame["json"]]
    outcomes = sandbox.run_all(
        [Program(item["solution"], item["test"], (item["entry_point"],)) for item in items]
    )
    stored = [bool(item["is_solved"]) for item in items]
    agreed = [
        (outcome.status == "passed") == verdict for outcome, verdict in zip(outcomes, stored, strict=True)
    ]
    names = [f"{src.split('/')[0]} {item['name']}" for src, item in zip(frame["_src"], items, strict=True)]
    _show(show, names, stored, outcomes)
    share = sum(agreed) / len(agreed)
    return [
        (
            "MBPP, stored verdicts that agree",
            f"{sum(agreed)} of {len(agreed)} ({share:.1%})",
            share >= LEAST_AGREEMENT,
        )
    ]


def _show(wanted: bool, names: list[str], expected: list[bool], outcomes: list[Outcome]) -> None:
    for name, verdict, outcome in zip(names, expected, outcomes, strict=True):
        if wanted and (outcome.status == "passed") != verdict:
            sys.stderr.write(f"{name}: expected {verdict}; {outcome.status}: {outcome.reason}\n")


if __name__ == "__main__":
    sys.exit(main())
