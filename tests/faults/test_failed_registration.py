"""A registry that refuses a model: the run stores all, says so and fails; the next run registers it."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from warm_processes import run_kedro

pytestmark = pytest.mark.slow


def test_a_model_that_the_registry_refuses_is_stored_and_registered_by_the_next_run(
    finished_run: Any, tmp_path: Path
) -> None:
    project = Path(shutil.copytree(finished_run.project, tmp_path / "copy"))
    store = f"sqlite:///{project / 'mlflow.db'}"
    environment = os.environ | {"MLFLOW_TRACKING_URI": store, "PYTHONPATH": str(project / "src")}
    settings = project / "conf/test/mlflow.yml"
    usual = settings.read_text()
    # The node that publishes has to run again, and MLflow takes no name with a slash.
    shutil.rmtree(project / "data/.executions/sft.publish_sft_model")
    settings.write_text(usual + "models: {sft_model: {registered_name: a/b}}\n")
    refused = run_kedro("run", "--env=test", cwd=project, env=environment)
    assert refused.returncode == 1 and "Traceback" not in refused.stderr, refused.stderr
    assert "Verdict: " in refused.stdout
    (error,) = (part for part in refused.stderr.split("\nError: ")[1:])
    assert error.startswith("all is stored, and the registry lacks sft_model (")
    assert "data/06_models/sft_model/" in error and "run the same command again" in error

    settings.write_text(usual)
    mended = run_kedro("run", "--env=test", cwd=project, env=environment)
    assert mended.returncode == 0, mended.stderr
    printed = mended.stdout + mended.stderr
    assert "reuse sft.fine_tune_base_model" in printed and "run   sft.publish_sft_model" in printed
    assert "registered as models:/sft-model/1" in mended.stdout
    (only,) = MlflowClient(store).search_model_versions("name='sft-model'")
    assert int(only.version) == 1
