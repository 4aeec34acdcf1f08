"""Ctrl-C in the first seconds of a command."""

import signal
import subprocess
import sys
from pathlib import Path


def ended(project_path: Path, raised: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter, which has Python's own handlers: it comes as far as the settings."""
    code = f"import instruction_tuning.settings\nraise {raised}"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=project_path, capture_output=True, text=True, check=False
    )


def test_an_interrupt_before_the_command_begins_is_one_line(project_path):
    done = ended(project_path, "KeyboardInterrupt")
    assert done.stderr.strip() == "Stopped."
    assert done.returncode in (-signal.SIGINT, 128 + signal.SIGINT)


def test_another_error_keeps_its_traceback(project_path):
    done = ended(project_path, "ValueError('a defect')")
    assert "Traceback" in done.stderr and "a defect" in done.stderr and done.returncode == 1
