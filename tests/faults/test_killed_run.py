"""A run that is killed or stopped and started again ends with the same model, and pays for nothing twice."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_run import copy_project
from warm_processes import TIMEOUT_SECONDS, run_kedro, start_python

from instruction_tuning.lm.model_folder import open_model_folder

TRAINS = "fine-tuning (full) on"


def _start(project: Path, environment: dict[str, str], log: Path, *options: str) -> Any:
    log.write_text("")
    command = ("-m", "kedro", "run", "--env=test", *options)
    return start_python(*command, cwd=project, env=environment, output=log, errors=log)


def _wait_until(reached: Callable[[], bool], process: Any, log: Path) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not reached() and time.monotonic() < deadline:
        assert process.poll() is None, f"the run ended before its moment: {log.read_text()[-3000:]}"
        time.sleep(0.02)
    assert process.poll() is None, "the run ended before its moment"


def _kill(process: Any) -> None:
    process.kill()
    assert process.wait() == -signal.SIGKILL


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


def _runs(environment: dict[str, str]) -> list[tuple[str, str]]:
    """Name and status of every run in MLflow, the oldest first."""
    from mlflow import MlflowClient

    client = MlflowClient(environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name("instruction-tuning-test")
    found = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time"])
    return [(run.info.run_name.split(" ")[0], run.info.status) for run in found]


@pytest.mark.slow
def test_killed_while_answering_stopped_and_killed_while_training_the_run_ends_with_the_same_model(
    finished_run: "object", project_path: Path, empty_mlflow_store: Path, tmp_path: Path
) -> None:
    """ctrl-C comes as from a terminal: to the command and all of its children. A kill comes to it alone."""
    undisturbed: Path = finished_run.project  # type: ignore[attr-defined]
    project, log = tmp_path / "project", tmp_path / "log"
    environment = copy_project(project_path, project, empty_mlflow_store)

    def trains() -> bool:
        return TRAINS in log.read_text()

    answering = _start(project, environment, log, "--pipeline=sft")
    _wait_until(lambda: _paid_completions(project) > 0, answering, log)
    _kill(answering)
    assert _paid_completions(project) > 0
    before = len(_runs(environment))

    training = _start(project, environment, log)
    _wait_until(trains, training, log)
    os.killpg(training.pid, signal.SIGINT)
    assert training.wait(TIMEOUT_SECONDS) == 130
    printed = log.read_text()
    assert "Stopped. What was finished is kept: run the same command again to continue." in printed
    assert "Traceback" not in printed
    assert _runs(environment)[before:] == [("__default__", "KILLED"), ("sft_model", "KILLED")]
    assert not (project / "data/06_models/sft_model").exists()
    paid = _paid_completions(project)

    again = _start(project, environment, log, "--pipeline=sft")
    _wait_until(trains, again, log)
    _kill(again)
    assert not (project / "data/06_models/sft_model").exists()
    # Started from a folder of the project it goes on with the same half-done work.
    subfolder = project / "docs"
    subfolder.mkdir(exist_ok=True)
    last = run_kedro("run", "--env=test", "--pipeline=sft", cwd=subfolder, env=environment)
    assert last.returncode == 0, last.stderr[-3000:]
    assert not (subfolder / "data").exists()
    for printed in (log.read_text(), last.stdout + last.stderr):
        assert "reuse answer_generation.choose_answers" in printed
        assert "listens on" not in printed
    assert _runs(environment)[-2:] == [("sft", "FINISHED"), ("sft_model", "FINISHED")]

    assert _paid_completions(project) == paid == _paid_completions(undisturbed)
    assert _model_digest(project) == _model_digest(undisturbed)
