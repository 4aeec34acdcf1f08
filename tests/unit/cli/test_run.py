"""What the run command makes of its options."""

from pathlib import Path
from typing import Any

import pytest
from kedro.framework.startup import bootstrap_project

from instruction_tuning.cli.run import DEFAULT_RUNNER, complete
from instruction_tuning.errors import ConfigurationError


@pytest.fixture(autouse=True)
def project(project_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project_path)
    bootstrap_project(project_path)


def options(**given: Any) -> dict[str, Any]:
    defaults = {"pipeline": None, "pipelines": [], "params": {}, "namespaces": [], "runner": None}
    return defaults | given


def test_a_pipeline_may_be_named_in_the_singular():
    completed = complete(options(pipeline="sft"))
    assert (completed["pipelines"], completed["pipeline"]) == (["sft"], None)
    assert completed["runner"] == DEFAULT_RUNNER


@pytest.mark.parametrize(
    ("namespaces", "named", "pipelines"),
    [
        (["sft", "evaluation"], None, ["evaluation", "sft"]),
        (["comparison_data"], None, ["comparison_data"]),
        (["evaluation.reporting"], None, ["__default__"]),
        (["arena_answers"], None, ["selection_arena"]),
        (["diverse_evol.round_1"], None, ["diverse_evol"]),
        (["sft"], "evaluation", ["evaluation"]),
    ],
)
def test_a_stage_alone_is_the_one_of_the_pipeline_of_its_name(namespaces, named, pipelines):
    """The box of `evaluation` holds the report of the whole chain too, which may lack a reward model."""
    completed = complete(options(pipeline=named, namespaces=namespaces))
    assert (completed["pipelines"], completed["namespaces"]) == (pipelines, namespaces)


@pytest.mark.parametrize(
    ("namespace", "named", "said"),
    [
        ("reporting", None, "did you mean `evaluation.reporting`"),
        ("evaluatoin", None, "did you mean `evaluation`"),
        ("sft", "ingestion", "fix: it has ingestion"),
    ],
)
def test_a_misspelt_stage_is_answered_with_the_nearest(namespace, named, said):
    with pytest.raises(ConfigurationError, match=f"there is no stage `{namespace}`") as caught:
        complete(options(pipeline=named, namespaces=[namespace]))
    assert said in str(caught.value)


def test_a_stage_inside_another_is_taken_once():
    completed = complete(options(namespaces=["evaluation.reporting", "evaluation"]))
    assert completed["pipelines"] == ["__default__", "evaluation"]
    assert completed["namespaces"] == ["evaluation"]


def test_with_another_filter_the_default_pipeline_stays_whole():
    completed = complete(options(namespaces=["evaluation"], from_nodes=["reward_model.pair_responses"]))
    assert (completed["pipelines"], completed["namespaces"]) == ([], ["evaluation"])


def test_a_misspelt_pipeline_is_answered_with_the_nearest():
    with pytest.raises(ConfigurationError, match=r"no pipeline named `sfft`(.|\n)*did you mean `sft`"):
        complete(options(pipeline="sfft"))


def test_data_is_relative_to_where_the_user_stands(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    completed = complete(options(params={"data": "mine.json"}))
    assert completed["params"]["data"] == str(tmp_path / "mine.json")


@pytest.mark.parametrize("name", ["data", "candidate", "answers", "seed_tasks"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_parameter_that_names_nothing_is_no_path(name, value):
    with pytest.raises(ConfigurationError, match=f"`--params={name}=` names nothing"):
        complete(options(params={name: value}))


@pytest.mark.parametrize("pipeline", [None, "evaluation"])
def test_a_candidate_is_evaluated_and_nothing_else_is_run(pipeline):
    completed = complete(options(pipeline=pipeline, params={"candidate": "models:/sft-model/7"}))
    assert completed["pipelines"] == completed["namespaces"] == ["evaluation"]
    assert completed["params"]["candidate"] == "models:/sft-model/7"


def test_a_candidate_cannot_be_given_to_a_pipeline_that_trains():
    with pytest.raises(ConfigurationError, match="`sft` does more than evaluate"):
        complete(options(pipeline="sft", params={"candidate": "models:/sft-model/7"}))


def test_every_option_of_kedros_run_is_still_there():
    from kedro.framework.cli.project import run as kedro_run

    from instruction_tuning.cli import run

    assert {option.name for option in kedro_run.params} <= {option.name for option in run.params}


def test_force_and_dry_run_go_to_the_projects_own_runner():
    assert complete(options(force=True))["runner_params"] == {"force": True}
    completed = complete(options(dry_run=True, force=False))
    assert completed["runner_params"] == {"dry_run": True}
    assert not {"force", "dry_run"} & completed.keys()


def test_another_runner_is_forced_anyway_and_has_no_plan():
    assert "runner_params" not in complete(options(runner="ThreadRunner", force=True))
    with pytest.raises(ConfigurationError, match="ThreadRunner makes no plan"):
        complete(options(runner="ThreadRunner", dry_run=True))
