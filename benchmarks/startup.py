"""How long `kedro registry list` takes, whole process, median of five runs after a warm-up; at most 2 s.

python benchmarks/startup.py

Beside it, in the same run: a bare `kedro --version` (what Kedro itself costs) and `import torch` (what a
heavy import at a module's top level would add).
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
LIMIT_SECONDS = 2.0
COMMANDS = {
    "kedro registry list": [sys.executable, "-m", "kedro", "registry", "list"],
    "kedro --version": [sys.executable, "-m", "kedro", "--version"],
    "import torch": [sys.executable, "-c", "import torch"],
}


def seconds(command: list[str]) -> list[float]:
    """Wall seconds of five runs, after one that is not counted."""
    taken = []
    for _ in range(6):
        started = time.monotonic()
        subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
        taken.append(time.monotonic() - started)
    return taken[1:]


def main() -> int:
    """Print the table; exit status 1 above the limit."""
    sys.stdout.write("| command | median s | fastest | slowest |\n|---|---|---|---|\n")
    medians = {}
    for name, command in COMMANDS.items():
        runs = seconds(command)
        medians[name] = statistics.median(runs)
        sys.stdout.write(f"| `{name}` | {medians[name]:.2f} | {min(runs):.2f} | {max(runs):.2f} |\n")
    return int(medians["kedro registry list"] > LIMIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
