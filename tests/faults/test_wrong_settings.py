"""A `kedro run` whose configuration is wrong: the process says so and ends before any node."""

from collections.abc import Callable
from pathlib import Path

import pytest
from small_run import copy_project
from warm_processes import run_kedro

Run = Callable[..., str]


@pytest.fixture(scope="module")
def project(project_path: Path, empty_mlflow_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("settings") / "project"
    copy_project(project_path, target, empty_mlflow_store)
    return target


@pytest.fixture
def refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """What a `kedro run` prints that has to be refused; nothing may have been made by then."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(project / "src"))

    def run(*options: str) -> str:
        done = run_kedro("run", *options, cwd=project)
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr and "Running node" not in done.stdout + done.stderr
        assert not (project / "data/02_intermediate").exists()
        assert not (project / "data/.work").exists()
        return done.stderr

    return run


def test_a_misspelt_parameter_at_the_top_level_stops_a_run_before_any_node(refused):
    said = refused("--params=qurey_selection.budget=10")
    assert "there is no parameter `qurey_selection`" in said
    assert "did you mean `query_selection`?" in said


def test_a_misspelt_environment_stops_a_run_before_any_node(refused):
    said = refused("--env=alpca", "--pipeline=sft")
    assert "there is no environment `alpca`" in said
    assert "did you mean `alpaca`?" in said and "alpaca, base, hub, local, test" in said


@pytest.mark.parametrize("options", [(), ("--params=candidate=models:/sft-model/1",)])
def test_a_misspelt_key_for_mlflow_stops_a_run_before_any_node(refused, project, options):
    local = project / "conf/local/mlflow.yml"
    local.write_text("models: {sft_model: {registred_name: mine}}\n", encoding="utf-8")
    try:
        said = refused(*options)
    finally:
        local.unlink()
    assert "there is no parameter `mlflow.models.sft_model.registred_name`" in said
    assert "conf/<env>/mlflow.yml" in said and "did you mean `registered_name`?" in said


def test_a_model_that_no_pipeline_makes_stops_a_run_before_any_node(refused, project):
    local = project / "conf/local/mlflow.yml"
    model = "{registered_name: mine, metrics: sft_metrics, training_log: sft_training_log}"
    local.write_text(f"models: {{sft_modle: {model}}}\n", encoding="utf-8")
    try:
        said = refused()
    finally:
        local.unlink()
    assert "`mlflow.models.sft_modle`" in said and "did you mean `sft_model`?" in said


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [("globals.yml", "seed: 1\n\tteacher: x\n", 2), ("parameters_sft.yml", "sft:\n  x: [1,\n", 3)],
)
def test_a_file_that_is_no_yaml_is_named_with_its_line(refused, project, name, text, line):
    local = project / "conf/local" / name
    local.write_text(text, encoding="utf-8")
    try:
        said = refused()
    finally:
        local.unlink()
    assert name in said and f"line {line}:" in said and "fix: indent by spaces" in said
