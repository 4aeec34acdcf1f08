"""The real chain, run a second time: in the same place, in a copy, after an edit, after a kill."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient
from warm_processes import TIMEOUT_SECONDS, run_kedro, start_python

from instruction_tuning.incremental.records import ExecutionRecords
from instruction_tuning.pipeline_registry import register_pipelines

pytestmark = pytest.mark.slow

# They say where a model lies, or which run they are of; a forced run makes both anew.
NAMES_A_PLACE = {"model_card", "promotion_verdict", "run_summary", "run_dashboard", "run_report"}
HEAVY = ("torch", "transformers", "mlflow", "trl", "lm_eval")


@pytest.fixture(scope="module")
def copied(finished_run: "object", tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The finished run's project with its data, in another place, with an MLflow store of its own."""
    project = tmp_path_factory.mktemp("incremental") / "copy"
    shutil.copytree(finished_run.project, project)  # type: ignore[attr-defined]
    environment = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{project / 'mlflow.db'}"}
    return project, environment | {"PYTHONPATH": str(project / "src")}


def kedro(project: Path, environment: dict[str, str], *options: str, fails: bool = False) -> str:
    """What `kedro run --env=test` with `options` prints; with `fails`, that it ends with 1."""
    completed = run_kedro("run", "--env=test", *options, cwd=project, env=environment)
    assert completed.returncode == int(fails), completed.stderr[-4000:]
    return completed.stdout + completed.stderr


def fresh_kedro(project: Path, environment: dict[str, str], *options: str) -> str:
    """As `kedro`, by an interpreter of its own: with its own imports, hashes and random state."""
    completed = subprocess.run(
        [sys.executable, "-m", "kedro", "run", "--env=test", *options],
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
    printed = fresh_kedro(project, environment | {"PYTHONPROFILEIMPORTTIME": "1"})
    nodes = len(register_pipelines()["__default__"].nodes)
    assert f"0 nodes ran, {nodes} were reused" in printed
    assert "This is the stored report of" in printed
    # The report is that of the run that wrote it; who has paid is said by this one.
    assert "This run sent 0 requests, for $0.0000." in printed
    (session,) = (path.name for path in (project / "data/04_feature/teacher_completions.parquet").iterdir())
    assert f"    run {session}: " in printed
    assert "registered as models:/sft-model/1 (alias challenger" in printed
    assert "registered as models:/reward-model/1 (alias challenger)" in printed
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


def test_killed_between_two_nodes_the_next_run_takes_what_was_finished(copied, tmp_path):
    project, environment = copied
    records = project / "data/.executions/reward_model.pair_responses"
    before = len(list(records.glob("*.json")))
    option, log = "--params=reward_model.seed=5", tmp_path / "log"
    command = ("-m", "kedro", "run", "--env=test", option)
    process = start_python(*command, cwd=project, env=environment, output=log, errors=log)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while len(list(records.glob("*.json"))) == before and time.monotonic() < deadline:
        assert process.poll() is None, "the run ended before the moment to kill it"
        time.sleep(0.01)
    process.kill()
    assert not list((project / "data/.executions").rglob("*.part"))
    printed = kedro(project, environment, option)
    assert "reuse reward_model.pair_responses" in printed
    assert "run   reward_model.train_reward_model: parameter reward_model.seed" in printed
    assert "0 nodes ran" in kedro(project, environment, option)


def test_what_an_edit_and_older_records_come_to_is_what_a_forced_run_makes(copied, tmp_path):
    """Parts of four earlier runs, one of them killed, against a copy in which everything is made again."""
    project, environment = copied
    file = project / "src/instruction_tuning/dedup/minhash_lsh.py"
    line = "    context = _codes(contexts"
    file.write_text(file.read_text().replace(line, f"    _without_effect = 1\n{line}", 1))
    changed = "--params=evaluation.alpha=0.01,reward_model.seed=5"
    printed = kedro(project, environment, changed)
    assert "code of instruction_tuning.dedup.minhash_lsh.near_duplicates changed" in printed
    for node in ("query_selection.embed_pool", "sft.mix_examples", "reward_model.train_reward_model"):
        assert f"reuse {node}" in printed
    forced = shutil.copytree(project, tmp_path / "forced")
    # Made from nothing; training in a few seconds, as the killed run did not end it.
    for work in ("reward_model", "evaluation"):
        shutil.rmtree(forced / "data/.work" / work)
    environment = environment | {
        "MLFLOW_TRACKING_URI": f"sqlite:///{forced / 'mlflow.db'}",
        "PYTHONPATH": str(forced / "src"),
    }
    fresh_kedro(forced, environment, changed, "--force")
    records = ExecutionRecords(project / "data")
    names = [folder.name for folder in (forced / "data/.executions").iterdir()]
    made = [execution for name in names if (execution := ExecutionRecords(forced / "data").newest(name))]
    differing = set()
    for execution in made:
        known = records.find(execution.node, execution.key) or records.newest(execution.node)
        for name, state in execution.outputs.items():
            if state.stored and state.digest != known.outputs[name].digest:
                differing.add(name)
    assert len(made) == len(register_pipelines()["__default__"].nodes)
    assert differing <= NAMES_A_PLACE


def test_a_version_that_is_not_there_is_refused_and_the_known_ones_are_named(copied):
    project, environment = copied
    known = sorted(path.name for path in (project / "data").glob("0*/instruction_pool*/*Z"))
    for options in (["--dry-run"], []):
        pinned = "--load-versions=instruction_pool:2020-01-01T00.00.00.000Z"
        printed = kedro(project, environment, pinned, *options, fails=True)
        assert "there is no version 2020-01-01T00.00.00.000Z of `instruction_pool`" in printed
        assert f"name one of {', '.join(known)}" in printed


def test_one_stage_alone_and_another_runner(copied):
    project, environment = copied
    for part in ("--to-outputs=sft_model", "--to-nodes=query_selection.select_queries"):
        assert "nothing to do" in kedro(project, environment, "--dry-run", part)
    options = ("--pipeline=ingestion", "--params=duplicates.threshold=0.7")
    plan = kedro(project, environment, "--dry-run", *options)
    assert "reuse ingestion.read_raw_records" in plan and "duplicates.threshold 0.8 -> 0.7" in plan
    assert "0 nodes ran, 4 were reused" in kedro(project, environment, "--namespaces=query_selection")
    assert "0 nodes ran, 1 were reused" in kedro(
        project,
        environment,
        "--from-nodes=query_selection.select_queries",
        "--to-nodes=query_selection.select_queries",
    )
    printed = kedro(project, environment, "--namespaces=query_selection", "--runner=SequentialRunner")
    assert "all 4 nodes run" in printed
    forced = kedro(project, environment, "--namespaces=query_selection", "--force")
    assert "run   query_selection.select_queries: forced" in forced


def test_after_a_promotion_the_champion_is_judged_once_against_the_base_and_nothing_is_measured(copied):
    project, environment = copied
    file = project / "src/instruction_tuning/dedup/minhash_lsh.py"
    file.write_text(file.read_text().replace("    _without_effect = 1\n", ""))
    client = MlflowClient(environment["MLFLOW_TRACKING_URI"])
    kedro(project, environment)
    client.set_registered_model_alias("sft-model", "champion", "1")
    plan = kedro(project, environment, "--dry-run")
    assert "run   evaluation.measure_models" in plan and "input champion_model changed" in plan
    assert "run   sft." not in plan and "maybe sft." not in plan
    printed = kedro(project, environment)
    assert "reuse evaluation.score_models" in printed and "run   evaluation.judge_candidate" in printed
    assert "incumbent base (the candidate is the champion itself)" in printed
    tags = client.get_model_version_by_alias("sft-model", "champion").tags
    assert tags["incumbent"] == "base" and "the champion in chat" not in tags["verdict_reasons"]
    assert "0 nodes ran" in kedro(project, environment)
