"""Every pipeline can be run by its own name, not only as a part of the chain."""

import subprocess
import sys

import pytest
from warm_processes import TIMEOUT_SECONDS

from instruction_tuning.pipeline_registry import register_pipelines

# One process for all: importing kedro takes longer than a plan.
PLAN = """
import sys
from kedro.framework.cli import main
for name in sys.argv[1:]:
    sys.argv = ["kedro", "run", "--env=test", f"--pipeline={name}", "--dry-run"]
    try:
        main()
    except SystemExit as ended:
        assert not ended.code, name
    print("planned", name)
"""


@pytest.mark.slow
def test_every_pipeline_starts_by_its_own_name(finished_run):
    names = sorted(register_pipelines().keys() - {"__default__"})
    completed = subprocess.run(
        [sys.executable, "-c", PLAN, *names],
        cwd=finished_run.project,
        env=finished_run.environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )
    assert completed.returncode == 0, completed.stderr[-3000:]
    planned = [line.split()[1] for line in completed.stdout.splitlines() if line.startswith("planned ")]
    assert planned == names
    assert completed.stdout.count("nodes run") == len(names)
