"""A run that is killed and started again ends with the same model, and pays for nothing twice."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from small_run import copy_project

from instruction_tuning.lm.model_folder import open_model_folder

WAIT_SECONDS = 300


def _start(project: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "kedro", "run", "--env=test", "--pipeline=sft"],
        cwd=project,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _kill_when(project: Path, environment: dict[str, str], reached: Callable[[], bool]) -> None:
    process = _start(project, environment)
    deadline = time.monotonic() + WAIT_SECONDS
    while not reached() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    was_running = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert was_running, "the run ended before the moment to kill it"


def _paid_completions(project: Path) -> int:
    store = project / "data/.work/completions.sqlite"
    if not store.exists():
        return 0
    try:
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
            return int(connection.execute("select count(*) from completions").fetchone()[0])
    except sqlite3.OperationalError:  # the run is just making it
        return 0


def _model_digest(project: Path) -> str:
    versions = sorted((project / "data/06_models/sft_model").iterdir())
    return open_model_folder(versions[-1] / "sft_model").digest


@pytest.mark.slow
def test_killed_while_answering_and_while_training_the_run_ends_with_the_same_model(
    finished_run: "object", project_path: Path, empty_mlflow_store: Path, tmp_path: Path
) -> None:
    undisturbed: Path = finished_run.project  # type: ignore[attr-defined]
    project = tmp_path / "project"
    environment = copy_project(project_path, project, empty_mlflow_store)

    _kill_when(project, environment, lambda: _paid_completions(project) > 0)
    assert _paid_completions(project) > 0
    _kill_when(project, environment, lambda: any((project / "data/.work/sft").glob("*")))
    assert not (project / "data/06_models/sft_model").exists()
    paid = _paid_completions(project)
    assert _start(project, environment).wait(WAIT_SECONDS) == 0

    assert _paid_completions(project) == paid == _paid_completions(undisturbed)
    assert _model_digest(project) == _model_digest(undisturbed)
