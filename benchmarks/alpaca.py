"""The `alpaca` environment on a file of real records: seconds, peak memory, loss before and after.

python benchmarks/alpaca.py [FILE]

Runs `kedro run --env=alpaca --pipeline=sft` on the file in a scratch copy of the project: ingestion, 1,000
records by k-center, one epoch of SFT on the tiny base, a registered version. At most 10 minutes on two
cores and 4 GB; exit status 1 above either. FILE is by default Stanford Alpaca in REAL_DATA_DIR; where
that is not there, a message says so and nothing runs.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sft_lift import copy_project

DATA = Path(os.environ.get("REAL_DATA_DIR", Path(__file__).parents[1].parent / "shared" / "data"))
STANFORD_ALPACA = DATA / "alpaca_en" / "alpaca_data.parquet"
LIMIT_SECONDS = 600.0
LIMIT_GIB = 4.0


def main() -> int:
    """Run, and print one Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", default=STANFORD_ALPACA)
    given = parser.parse_args()
    if not given.file.exists():
        sys.stdout.write(f"left out: no records at {given.file}; name a FILE, or set REAL_DATA_DIR\n")
        return int(given.file != STANFORD_ALPACA)
    with tempfile.TemporaryDirectory() as scratch:
        project = copy_project(Path(scratch) / "project")
        command = [sys.executable, "-m", "kedro", "run", "--env=alpaca", "--pipeline=sft"]
        started = time.monotonic()
        subprocess.run(
            [*command, f"--params=data={given.file.resolve()}"], cwd=project, check=True, stdout=sys.stderr
        )
        seconds = time.monotonic() - started
        stored = sorted((project / "data/06_models/sft_metrics.json").iterdir())[-1]
        metrics = json.loads((stored / "sft_metrics.json").read_text(encoding="utf-8"))
    # Linux counts in KiB, macOS in bytes.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (
        2**30 if sys.platform == "darwin" else 2**20
    )
    rows = {"seconds, whole process": f"{seconds:.0f}", "peak memory, GiB": f"{peak:.2f}"}
    rows |= {name: f"{value:.4g}" for name, value in sorted(metrics.items())}
    sys.stdout.write("| measure | value |\n|---|---|\n")
    sys.stdout.write("".join(f"| {name} | {value} |\n" for name, value in rows.items()))
    return int(seconds > LIMIT_SECONDS or peak > LIMIT_GIB)


if __name__ == "__main__":
    sys.exit(main())
