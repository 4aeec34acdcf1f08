"""A `kedro run` with an MLflow store that cannot be used: it says so and ends before any node."""

import os
import time
from pathlib import Path

import pytest
from small_run import copy_project
from warm_processes import run_kedro

# MLflow's own retries last more than four minutes, on an idle machine, too.
RETRIES_SECONDS = 200
DOWN = "no MLflow server answers at http://127.0.0.1:9"
CANDIDATE = "--params=candidate=models:/sft-model/1"


@pytest.fixture(scope="module")
def project(project_path: Path, empty_mlflow_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("store") / "project"
    copy_project(project_path, target, empty_mlflow_store)
    return target


@pytest.mark.slow
@pytest.mark.parametrize(
    ("uri", "options", "said"),
    [
        ("http://127.0.0.1:9", (), DOWN),
        ("http://127.0.0.1:9", (CANDIDATE,), DOWN),
        ("localhost:5000", ("--pipeline=ingestion",), "write http://localhost:5000"),
        ("/x/mlruns", (), "MLflow's store cannot be used (/x/mlruns)"),
    ],
)
def test_an_mlflow_store_that_cannot_be_used_stops_a_run_at_once(
    project: Path, uri: str, options: tuple[str, ...], said: str
) -> None:
    begun = time.monotonic()
    environment = os.environ | {"MLFLOW_TRACKING_URI": uri, "PYTHONPATH": str(project / "src")}
    done = run_kedro("run", *options, cwd=project, env=environment)
    assert time.monotonic() - begun < RETRIES_SECONDS
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert said in done.stderr and "field MLFLOW_TRACKING_URI" in done.stderr
    assert "Running node" not in done.stdout + done.stderr
    assert not (project / "data/02_intermediate").exists()
