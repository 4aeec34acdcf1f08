"""Every pipeline can be run by its own name, not only as a part of the chain."""

import subprocess
import sys

import pytest

from instruction_tuning.pipeline_registry import register_pipelines


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(register_pipelines().keys() - {"__default__"}))
def test_a_pipeline_starts_by_its_own_name(finished_run, name):
    completed = subprocess.run(
        [sys.executable, "-m", "kedro", "run", "--env=test", f"--pipeline={name}", "--dry-run"],
        cwd=finished_run.project,
        env=finished_run.environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert completed.returncode == 0, completed.stderr[-3000:]
    assert "nodes run" in completed.stdout + completed.stderr
