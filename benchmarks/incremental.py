"""What looking for changes costs: an unchanged `kedro run`, beside what Kedro costs without it; at most 1 s.

python benchmarks/incremental.py --project=path/to/project --env=test

The project needs one finished run of the same environment. Wall seconds of whole processes, median of five
after a warm-up; the same in CPU seconds, which a busy machine changes less. The measure for comparison loads
the project and its catalog as every `kedro run` does, and runs nothing: no plan, no node.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
LIMIT_SECONDS = 1.0
RUNS = 5
_CATALOG_ONLY = """
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.framework.project import pipelines
from pathlib import Path
bootstrap_project(Path.cwd())
with KedroSession.create(env={env!r}) as session:
    catalog = session.load_context().catalog
    for name in pipelines["__default__"].datasets():
        catalog.get(name, fallback_to_runtime_pattern=True)
"""


def seconds(command: list[str], project: Path, runs: int) -> tuple[float, float]:
    """Median wall and CPU seconds of `command`, after one run that is not counted."""
    taken = []
    for _ in range(runs + 1):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        # The project's own code, wherever this file is.
        environment = os.environ | {"PYTHONPATH": str(project / "src")}
        subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True)
        wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        taken.append((wall, cpu))
    return statistics.median(wall for wall, _ in taken[1:]), statistics.median(cpu for _, cpu in taken[1:])


def main() -> int:
    """Print the table; exit status 1 above the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, default=PROJECT)
    parser.add_argument("--env", default="local")
    parser.add_argument("--runs", type=int, default=RUNS, help="how many are measured, after the warm-up")
    given = parser.parse_args()
    kedro = [sys.executable, "-m", "kedro"]
    commands = {
        "kedro registry list": [*kedro, "registry", "list"],
        "catalog of the whole chain": [sys.executable, "-c", _CATALOG_ONLY.format(env=given.env)],
        "kedro run, nothing to do": [*kedro, "run", f"--env={given.env}"],
        "kedro run --dry-run": [*kedro, "run", f"--env={given.env}", "--dry-run"],
    }
    sys.stdout.write("| | wall s | CPU s |\n|---|---|---|\n")
    measured = {}
    for name, command in commands.items():
        measured[name] = seconds(command, given.project, given.runs)
        sys.stdout.write(f"| {name} | {measured[name][0]:.2f} | {measured[name][1]:.2f} |\n")
    without, with_plan = measured["catalog of the whole chain"][1], measured["kedro run, nothing to do"][1]
    sys.stdout.write(f"\noverhead: {with_plan - without:.2f} s of CPU\n")
    return int(with_plan - without > LIMIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
