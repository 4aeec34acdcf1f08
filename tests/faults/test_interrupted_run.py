"""ctrl-C in the middle of a whole run, as a terminal sends it: to the command and all of its children."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_run import copy_project

WAIT_SECONDS = 480


def runs(environment: dict[str, str]) -> list[tuple[str, str]]:
    """Name and status of every run in MLflow, the oldest first."""
    from mlflow import MlflowClient

    client = MlflowClient(environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name("instruction-tuning-test")
    found = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time"])
    return [(run.info.run_name.split(" ")[0], run.info.status) for run in found]


@pytest.mark.slow
def test_ctrl_c_while_training_ends_in_plain_words_and_the_next_run_goes_on(
    project_path: Path, empty_mlflow_store: Path, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    environment = copy_project(project_path, project, empty_mlflow_store)
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "kedro", "run", "--env=test"],
            cwd=project,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        deadline = time.monotonic() + WAIT_SECONDS
        while "fine-tuning (full) on" not in log.read_text() and time.monotonic() < deadline:
            assert process.poll() is None, log.read_text()[-3000:]
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(WAIT_SECONDS) == 130
    printed = log.read_text()
    assert "Stopped. What was finished is kept: run the same command again to continue." in printed
    assert "Traceback" not in printed
    assert runs(environment) == [("__default__", "KILLED"), ("sft_model", "KILLED")]
    assert not (project / "data/06_models/sft_model").exists()

    again = subprocess.run(
        [sys.executable, "-m", "kedro", "run", "--env=test", "--pipeline=sft"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
    )
    assert again.returncode == 0, again.stderr[-3000:]
    assert "reuse answer_generation.choose_answers" in again.stdout + again.stderr
    assert "listens on" not in again.stdout + again.stderr
    assert runs(environment)[2:] == [("sft", "FINISHED"), ("sft_model", "FINISHED")]
