"""The project's logging from a subfolder of the project."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import logging
from kedro.framework.startup import bootstrap_project
bootstrap_project({project!r})
logging.getLogger("instruction_tuning.x").info("a plain line")
logging.getLogger("kedro.io").info("chatter of kedro's own")
"""


@pytest.mark.parametrize("folder", [".", "docs", "docs/decisions"])
def test_lines_look_the_same_wherever_one_stands(project_path: Path, folder: str) -> None:
    completed = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(project=str(project_path))],
        cwd=project_path / folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert completed.returncode == 0, completed.stderr
    said = (completed.stdout + completed.stderr).strip()
    assert said.endswith("INFO    instruction_tuning.x: a plain line"), said
