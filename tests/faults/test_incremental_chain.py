"""The real chain, run a second time: in the same place, in a copy, after an edit, after a kill."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient

pytestmark = pytest.mark.slow

TIMEOUT_SECONDS = 480
HEAVY = ("torch", "transformers", "mlflow", "trl", "lm_eval")


@pytest.fixture(scope="module")
def copied(finished_run: "object", tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The finished run's project with its data, in another place, with an MLflow store of its own."""
    project = tmp_path_factory.mktemp("incremental") / "copy"
    shutil.copytree(finished_run.project, project)  # type: ignore[attr-defined]
    environment = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{project / 'mlflow.db'}"}
    return project, environment | {"PYTHONPATH": str(project / "src")}


def kedro(project: Path, environment: dict[str, str], *options: str) -> str:
    """What `kedro run --env=test` with `options` prints."""
    completed = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "kedro", "run", "--env=test", *options],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )
    assert completed.returncode == 0, completed.stderr[-4000:]
    return completed.stdout + completed.stderr


def stored_versions(project: Path) -> list[str]:
    return sorted(path.as_posix() for path in (project / "data").glob("0*/*/*T*Z"))


def runs_in(environment: dict[str, str]) -> int:
    client = MlflowClient(environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name("instruction-tuning-test")
    return len(client.search_runs([experiment.experiment_id], max_results=1000))


def test_a_copy_with_its_data_runs_nothing_imports_nothing_heavy_and_shows_the_stored_report(copied):
    project, environment = copied
    versions, runs = stored_versions(project), runs_in(environment)
    printed = kedro(project, environment)
    assert "0 nodes ran, 39 were reused" in printed
    assert "This is the stored report of" in printed
    assert stored_versions(project) == versions
    assert runs_in(environment) == runs
    imported = {line.rpartition("|")[2].strip() for line in printed.splitlines() if "import time:" in line}
    assert imported & set(HEAVY) == set()


def test_a_change_of_the_evaluation_neither_trains_nor_registers_and_judges_the_known_version(copied):
    project, environment = copied
    client = MlflowClient(environment["MLFLOW_TRACKING_URI"])
    before = client.search_model_versions("name='sft-model'")
    plan = kedro(project, environment, "--dry-run", "--params=evaluation.alpha=0.01")
    assert "parameter evaluation.alpha 0.05 -> 0.01" in plan
    printed = kedro(project, environment, "--params=evaluation.alpha=0.01")
    assert "reuse sft.publish_sft_model" in printed
    assert "listens on" not in printed
    assert len(client.search_model_versions("name='sft-model'")) == len(before)
    assert f"sft-model version {before[0].version}: " in printed


def test_killed_between_two_nodes_the_next_run_takes_what_was_finished(copied):
    project, environment = copied
    records = project / "data/.executions/reward_model.pair_responses"
    before = len(list(records.glob("*.json")))
    options = ["--env=test", "--params=reward_model.seed=5"]
    process = subprocess.Popen(
        [sys.executable, "-m", "kedro", "run", *options],
        cwd=project,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while len(list(records.glob("*.json"))) == before and time.monotonic() < deadline:
        assert process.poll() is None, "the run ended before the moment to kill it"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not list((project / "data/.executions").rglob("*.part"))
    printed = kedro(project, environment, options[1])
    assert "reuse reward_model.pair_responses" in printed
    assert "run   reward_model.train_reward_model: parameter reward_model.seed" in printed
    assert "0 nodes ran" in kedro(project, environment, options[1])


def test_one_stage_alone_and_another_runner(copied):
    project, environment = copied
    assert "0 nodes ran, 3 were reused" in kedro(project, environment, "--namespaces=query_selection")
    assert "0 nodes ran, 1 were reused" in kedro(
        project,
        environment,
        "--from-nodes=query_selection.select_queries",
        "--to-nodes=query_selection.select_queries",
    )
    printed = kedro(project, environment, "--namespaces=query_selection", "--runner=SequentialRunner")
    assert "all 3 nodes run" in printed
    forced = kedro(project, environment, "--namespaces=query_selection", "--force")
    assert "run   query_selection.select_queries: forced" in forced
