"""A run, its models and its verdict in a real MLflow store."""

import os
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset, Version
from kedro.pipeline import Node, Pipeline

from instruction_tuning.datasets.atomic import JSONDataset, PlotlyDataset, TextDataset
from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.datasets.model_folder import ModelFolderDataset
from instruction_tuning.datasets.registered_model import RegisteredModelDataset
from instruction_tuning.errors import RegistrationError
from instruction_tuning.hooks.mlflow_tracking import MlflowHooks, run_tags
from instruction_tuning.hooks.model_registry import RegisteredVersion, apply_verdict, spaced_tables
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder

SESSION = "2024-05-06T07.08.09.123Z"


@pytest.fixture
def settings(project_path: Path) -> dict[str, Any]:
    return yaml.safe_load((project_path / "conf/base/mlflow.yml").read_text())


@pytest.fixture
def catalog(tmp_path: Path) -> DataCatalog:
    """The data sets that the hook knows by name, in a project of this test's own."""
    data, version = tmp_path / "data", Version(None, SESSION)

    def place(name: str) -> dict[str, Any]:
        return {"filepath": (data / name).as_posix(), "version": version}

    return DataCatalog(
        {
            "sft_mixture": FrameDataset(filepath=(data / "sft_mixture.parquet").as_posix()),
            "benchmark_items": FrameDataset(filepath=(data / "benchmark_items.parquet").as_posix()),
            "sft_model": ModelFolderDataset(**place("sft_model")),
            "sft_metrics": JSONDataset(**place("sft_metrics.json")),
            "sft_training_log": FrameDataset(**place("sft_training_log.parquet")),
            "reward_model": ModelFolderDataset(**place("reward_model")),
            "reward_metrics": JSONDataset(**place("reward_metrics.json")),
            "reward_training_log": FrameDataset(**place("reward_training_log.parquet")),
            "reward_model_card": TextDataset(**place("reward_model_card.md")),
            "benchmark_metrics": FrameDataset(**place("benchmark_metrics.parquet")),
            "promotion_verdict": JSONDataset(**place("promotion_verdict.json")),
            "model_card": TextDataset(**place("model_card.md")),
            "ability_figure": PlotlyDataset(**place("ability_figure.json")),
            "params:sft": MemoryDataset(
                {"learning_rate": 0.01, "lora": {"rank": 8}, "api_key": "sk-abcdefghijklmnop"}
            ),
        }
    )


@pytest.fixture
def inputs(catalog: DataCatalog) -> None:
    catalog.save("sft_mixture", pd.DataFrame({"example_id": ["a", "b"], "kind": ["chat", "chat"]}))
    catalog.save("benchmark_items", pd.DataFrame({"item_id": ["f-1"], "target": ["12"]}))


def training(model: Path, *, fail: str | None = None) -> Pipeline:
    def train(mixture: pd.DataFrame, parameters: dict[str, Any]) -> tuple[ModelFolder, pd.DataFrame, Any]:
        if fail == "error":
            raise ValueError("the loss is not a number")
        if fail == "interrupt":
            raise KeyboardInterrupt
        log = pd.DataFrame({"step": [1, 2], "loss": [3.0, 2.0], "tokens_seen": [10, 20]})
        return open_model_folder(model), log, {"validation_loss": 1.5}

    return Pipeline(
        [
            Node(
                train,
                ["sft_mixture", "params:sft"],
                ["trained_sft_model", "sft_training_log", "sft_metrics"],
                name="train_sft_model",
            ),
            Node(
                lambda model, log, metrics: model,
                ["trained_sft_model", "sft_training_log", "sft_metrics"],
                "sft_model",
                name="publish_sft_model",
            ),
        ]
    )


def reward_training(model: Path) -> Pipeline:
    def train(sft_model: ModelFolder) -> tuple[ModelFolder, pd.DataFrame, Any, str]:
        log = pd.DataFrame({"step": [1], "loss": [0.5], "tokens_seen": [10]})
        return open_model_folder(model), log, {"heldout_accuracy": 0.7}, "# Reward model\n\nRight on 70%."

    trained = ["trained_reward_model", "reward_training_log", "reward_metrics", "reward_model_card"]
    return Pipeline(
        [
            Node(train, ["sft_model"], trained, name="train_reward_model"),
            Node(lambda model, *_: model, trained, "reward_model", name="publish_reward_model"),
        ]
    )


def evaluation(verdict: str, *, promote: bool = False, **said: object) -> Pipeline:
    def evaluate(candidate: ModelFolder, items: pd.DataFrame) -> tuple[pd.DataFrame, Any, str]:
        scores = pd.DataFrame(
            {
                "model_role": ["candidate", "base"],
                "ability": ["open_qa", "open_qa"],
                "form": ["chat_zero_shot", "chat_zero_shot"],
                "accuracy": [0.75, 0.25],
                "ci_low": [0.5, 0.1],
                "ci_high": [0.9, 0.4],
                "items": [1, 1],
                "extraction_rate": [1.0, None],
            }
        )
        judged = {
            "verdict": verdict,
            "reasons": ["gained in chat"],
            "incumbent": "base",
            "promote": promote,
            "model_card": "# Card\n\nGood at open questions.",
            **said,
            "candidate_digest": candidate.digest,
        }
        return scores, judged, judged["model_card"]

    return Pipeline(
        [
            Node(
                evaluate,
                ["sft_model", "benchmark_items"],
                ["benchmark_metrics", "promotion_verdict", "model_card"],
                name="evaluate_candidate",
            )
        ]
    )


@pytest.fixture
def client(mlflow_store: str) -> Any:
    from mlflow import MlflowClient

    return MlflowClient()


def parents_and_children(client: Any) -> tuple[list[Any], list[Any]]:
    experiment = client.get_experiment_by_name("instruction-tuning")
    runs = client.search_runs([experiment.experiment_id])
    return (
        [run for run in runs if "mlflow.parentRunId" not in run.data.tags],
        [run for run in runs if "mlflow.parentRunId" in run.data.tags],
    )


@pytest.mark.usefixtures("inputs")
def test_a_passed_run_ends_as_a_champion_that_says_where_it_comes_from(
    run_pipeline, catalog, settings, client, tmp_path, tiny_model_path
):
    pipeline = training(tiny_model_path) + evaluation("pass")
    run_pipeline(pipeline, catalog, [MlflowHooks()], tmp_path, {"mlflow": settings})

    (parent,), (child,) = parents_and_children(client)
    assert (parent.info.status, child.info.status) == ("FINISHED", "FINISHED")
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert child.data.params["sft.lora.rank"] == "8"
    assert "sk-" not in str(parent.data) + str(child.data)
    assert [point.value for point in client.get_metric_history(child.info.run_id, "loss")] == [3.0, 2.0]
    assert {item.dataset.name for item in child.inputs.dataset_inputs} == {"sft_mixture"}
    assert {item.dataset.name for item in parent.inputs.dataset_inputs} == {"sft_mixture", "benchmark_items"}
    assert parent.data.metrics["chat_zero_shot/open_qa/accuracy"] == 0.75
    assert parent.data.metrics["base/chat_zero_shot/open_qa/accuracy"] == 0.25

    version = client.get_model_version_by_alias("sft-model", "champion")
    assert client.get_model_version_by_alias("sft-model", "challenger").version == version.version
    assert version.tags["validation_status"] == "passed"
    assert version.tags["model_digest"] == open_model_folder(tiny_model_path).digest
    data_tags = {tag for tag in version.tags if tag.startswith("data.")}
    assert data_tags == {"data.sft_mixture", "data.sft_model"}
    assert version.description.startswith("# Card") and "| sft_mixture |" in version.description
    logged = client.get_logged_model(version.source.removeprefix("models:/"))
    assert f'"version": "{version.version}"' in logged.tags["mlflow.modelVersions"]
    measured = {(metric.key, metric.dataset_name) for metric in logged.metrics}
    assert ("chat_zero_shot/open_qa/accuracy", "benchmark_items") in measured
    assert "validation_loss" in {key for key, _ in measured}

    champion = RegisteredModelDataset(name="sft-model", alias="champion").load()
    assert champion is not None
    assert champion.digest == open_model_folder(tiny_model_path).digest


@pytest.mark.usefixtures("inputs")
def test_a_failed_verdict_leaves_the_champion_where_it_was(
    run_pipeline, catalog, settings, client, tmp_path, tiny_model_path
):
    pipeline = training(tiny_model_path) + evaluation("fail")
    run_pipeline(pipeline, catalog, [MlflowHooks()], tmp_path, {"mlflow": settings})

    version = client.get_model_version_by_alias("sft-model", "challenger")
    assert version.tags["validation_status"] == "failed"
    assert RegisteredModelDataset(name="sft-model", alias="champion").load() is None


@pytest.mark.usefixtures("inputs")
def test_a_stage_run_alone_finds_its_registered_version_by_digest(
    run_pipeline, catalog, settings, client, tmp_path, tiny_model_path
):
    config = {"mlflow": settings}
    run_pipeline(training(tiny_model_path), catalog, [MlflowHooks()], tmp_path, config)
    assert client.get_model_version("sft-model", "1").tags["validation_status"] == "pending"
    run_pipeline(evaluation("pass"), catalog, [MlflowHooks()], tmp_path, config)
    assert int(client.get_model_version_by_alias("sft-model", "champion").version) == 1


@pytest.fixture
def other_model_path(tiny_model_path: Path, tmp_path: Path) -> Path:
    """A model with another digest."""
    folder = Path(shutil.copytree(tiny_model_path, tmp_path / "other_model"))
    config = folder / "config.json"
    config.write_text(config.read_text() + "\n")
    return folder


@pytest.mark.usefixtures("inputs")
def test_a_reward_model_is_registered_with_its_card_and_waits_for_no_verdict(
    run_pipeline, catalog, settings, client, tmp_path, tiny_model_path, other_model_path
):
    pipeline = training(tiny_model_path) + reward_training(other_model_path) + evaluation("pass")
    run_pipeline(pipeline, catalog, [MlflowHooks()], tmp_path, {"mlflow": settings})

    version = client.get_model_version_by_alias("reward-model", "challenger")
    assert version.description.startswith("# Reward model\n\nRight on 70%.")
    assert "from `models:/sft-model/1`" in version.description
    assert "| sft_model |" in version.description and "| reward_model_card |" not in version.description
    assert "validation_status" not in version.tags
    assert client.get_model_version("sft-model", "1").tags["validation_status"] == "passed"

    # The same weights with a better card, as after a change of what it says.
    (tmp_path / "again").mkdir()
    catalog["reward_model"] = ModelFolderDataset(filepath=str(tmp_path / "again" / "reward_model"))
    for name in ("reward_metrics", "reward_training_log"):
        catalog[name] = MemoryDataset()
    client.update_model_version("reward-model", "1", description="Not evaluated yet.")
    catalog["reward_model_card"] = TextDataset(filepath=str(tmp_path / "again" / "card.md"))
    run_pipeline(reward_training(other_model_path), catalog, [MlflowHooks()], tmp_path, {"mlflow": settings})
    (only,) = client.search_model_versions("name='reward-model'")
    assert only.description.startswith("# Reward model")


def test_a_backtranslated_model_is_registered_with_the_data_behind_it(
    run_pipeline, catalog, settings, client, tmp_path, tiny_model_path
):
    name, place, version = "backtranslated_model", tmp_path / "data", Version(None, SESSION)
    examples = FrameDataset(filepath=(place / "examples.parquet").as_posix(), version=version)
    catalog["backtranslation_examples_2"] = examples
    catalog["seed_pairs"] = MemoryDataset(1)
    catalog[name] = ModelFolderDataset(filepath=(place / name).as_posix(), version=version)
    log = pd.DataFrame({"step": [1, 2], "loss": [3.0, 2.0], "tokens_seen": [10, 20]})
    frame = pd.DataFrame({"record_id": ["a", "b"], "source": ["seed", "web"]})
    trained = ["trained_model", "backtranslated_training_log", "backtranslated_metrics"]

    def train(examples: pd.DataFrame) -> tuple[ModelFolder, pd.DataFrame, dict[str, float]]:
        return open_model_folder(tiny_model_path), log, {"heldout_loss_after": 1.5}

    pipeline = Pipeline(
        [
            Node(lambda _: frame, "seed_pairs", "backtranslation_examples_2", name="judge_candidates"),
            Node(train, "backtranslation_examples_2", trained, name="train_on_curated"),
            Node(lambda model, *_: model, trained, name, name="publish_backtranslated_model"),
        ]
    )
    run_pipeline(pipeline, catalog, [MlflowHooks()], tmp_path, {"mlflow": settings})
    made = client.get_model_version_by_alias("backtranslated-model", "challenger")
    assert made.tags["model_digest"] == open_model_folder(tiny_model_path).digest
    assert made.tags["data.backtranslation_examples_2"].startswith(SESSION)
    assert "| backtranslation_examples_2 |" in made.description and "validation_status" not in made.tags
    child = client.get_run(made.run_id)
    assert child.data.metrics["heldout_loss_after"] == 1.5
    assert [step.value for step in client.get_metric_history(made.run_id, "loss")] == [3.0, 2.0]


@pytest.mark.usefixtures("inputs")
def test_looking_at_an_old_version_leaves_the_champion_unless_it_is_asked_to_move(
    run_pipeline, catalog, settings, client, tmp_path, tiny_model_path, other_model_path, caplog
):
    caplog.set_level("INFO", "instruction_tuning")

    def run(pipeline: Pipeline, session: str, **parameters: str) -> str:
        catalog["sft_model"] = ModelFolderDataset(filepath=str(tmp_path / session / "model"))
        for name in ("sft_metrics.json", "promotion_verdict.json"):
            catalog[name.removesuffix(".json")] = JSONDataset(filepath=str(tmp_path / session / name))
        catalog["benchmark_metrics"] = FrameDataset(filepath=str(tmp_path / session / "m.parquet"))
        catalog["model_card"] = TextDataset(filepath=str(tmp_path / session / "card.md"))
        catalog["sft_training_log"] = FrameDataset(filepath=str(tmp_path / session / "log.parquet"))
        if "candidate" in parameters:
            catalog["sft_model"] = ModelFolderDataset(filepath=str(tiny_model_path))
        run_pipeline(
            pipeline, catalog, [MlflowHooks()], tmp_path, {"mlflow": settings}, runtime_params=parameters
        )
        return str(client.get_model_version_by_alias("sft-model", "champion").version)

    assert run(training(tiny_model_path) + evaluation("pass"), "session 1") == "1"
    assert run(training(other_model_path) + evaluation("pass"), "session 2") == "2"
    assert "champion moved from 1 to 2" in caplog.text
    old = {"candidate": "models:/sft-model/1"}
    assert run(evaluation("pass"), "session 3", **old) == "2"
    assert "champion stays version 2; evaluation.promote=true" in caplog.text
    assert run(evaluation("pass", promote=True), "session 4", **old) == "1"
    assert "champion moved from 2 to 1" in caplog.text
    client.create_registered_model("another-model")
    client.create_model_version("another-model", source=tiny_model_path.as_uri())
    assert run(evaluation("pass", promote=True), "session 5", candidate="models:/another-model/1") == "1"
    assert "it stays in the catalog" in caplog.text
    other = client.get_model_version("another-model", "1")
    assert not other.aliases and "validation_status" not in other.tags


@pytest.mark.usefixtures("inputs")
@pytest.mark.parametrize(
    ("later", "status", "card"), [("pass", "passed", "# First"), ("fail", "failed", "# Later")]
)
def test_what_a_champion_won_by_is_kept_until_it_fails_against_the_base(
    run_pipeline, catalog, settings, client, tmp_path, tiny_model_path, later, status, card
):
    won = evaluation("pass", incumbent="champion", model_card="# First")
    run_pipeline(training(tiny_model_path) + won, catalog, [MlflowHooks()], tmp_path, {"mlflow": settings})
    for name in ("benchmark_metrics", "promotion_verdict", "model_card"):
        catalog[name] = MemoryDataset()
    again = evaluation(later, is_champion=True, model_card="# Later")
    run_pipeline(again, catalog, [MlflowHooks()], tmp_path, {"mlflow": settings})
    version = client.get_model_version_by_alias("sft-model", "champion")
    assert version.tags["validation_status"] == status
    assert version.tags["incumbent"] == ("champion" if later == "pass" else "base")
    assert version.description.startswith(card)


@pytest.mark.usefixtures("inputs")
def test_a_verdict_goes_to_the_evaluated_weights_where_the_candidates_alias_has_moved_since(
    run_pipeline, catalog, settings, client, tmp_path, tiny_model_path, other_model_path, caplog
):
    client.create_registered_model("sft-model")
    for model in (tiny_model_path, other_model_path):
        tags = {"model_digest": open_model_folder(model).digest}
        client.create_model_version("sft-model", source=model.as_uri(), tags=tags)
    # What the candidate's alias meant when the catalog was made, and what it means when the verdict is there.
    catalog["sft_model"] = ModelFolderDataset(filepath=str(tiny_model_path))
    client.set_registered_model_alias("sft-model", "challenger", "2")
    candidate = {"candidate": "models:/sft-model@challenger"}
    run_pipeline(
        evaluation("pass", promote=True),
        catalog,
        [MlflowHooks()],
        tmp_path,
        {"mlflow": settings},
        runtime_params=candidate,
    )
    assert client.get_model_version("sft-model", "1").tags["validation_status"] == "passed"
    assert client.get_model_version("sft-model", "1").description.startswith("# Card")
    assert "validation_status" not in client.get_model_version("sft-model", "2").tags
    assert int(client.get_model_version_by_alias("sft-model", "champion").version) == 1
    assert "models:/sft-model@challenger is another model than the evaluated one by now" in caplog.text


@pytest.mark.usefixtures("inputs")
def test_the_same_weights_are_registered_once_and_do_not_take_the_alias_from_each_other(
    run_pipeline, catalog, settings, client, tmp_path, tiny_model_path, caplog
):
    caplog.set_level("INFO", "instruction_tuning")
    config = {"mlflow": settings}
    run_pipeline(training(tiny_model_path) + evaluation("pass"), catalog, [MlflowHooks()], tmp_path, config)
    version = client.get_model_version("sft-model", "1")
    # As a registry looks that was filled before versions were found by digest.
    twin = client.create_model_version("sft-model", source=version.source, tags=version.tags)
    assert twin.version != version.version
    target = RegisteredVersion("sft-model", str(twin.version), None)
    became = apply_verdict(client, target, {"verdict": "pass"}, may_promote=True)
    assert became == "champion stays version 1, whose weights are the same"
    assert int(client.get_model_version_by_alias("sft-model", "champion").version) == 1

    catalog["sft_model"] = ModelFolderDataset(filepath=str(tmp_path / "again"))
    for name in ("sft_metrics", "sft_training_log"):
        catalog[name] = MemoryDataset()
    run_pipeline(training(tiny_model_path), catalog, [MlflowHooks()], tmp_path, config)
    assert len(client.search_model_versions("name='sft-model'")) == 2
    assert "sft_model is version 2 of sft-model already" in caplog.text


@pytest.mark.usefixtures("inputs")
@pytest.mark.parametrize(("fail", "status"), [("error", "FAILED"), ("interrupt", "KILLED")])
def test_a_run_that_does_not_finish_says_so(
    run_pipeline, catalog, settings, client, tmp_path, tiny_model_path, fail, status
):
    with pytest.raises(Exception, match=r"loss is not a number|stopped by ctrl-C"):
        run_pipeline(
            training(tiny_model_path, fail=fail), catalog, [MlflowHooks()], tmp_path, {"mlflow": settings}
        )
    (parent,), (child,) = parents_and_children(client)
    assert (parent.info.status, child.info.status) == (status, status)


@pytest.mark.usefixtures("inputs", "mlflow_store")
def test_a_failed_registration_keeps_the_model_and_fails_the_run_at_its_end(
    run_pipeline, catalog, settings, client, tmp_path, tiny_model_path, monkeypatch, caplog
):
    # The registry refuses names with a slash: a real refusal by the real store.
    settings["models"]["sft_model"]["registered_name"] = "a/b"
    with pytest.raises(RegistrationError, match=r"the registry lacks sft_model \(.*a/b") as failed:
        run_pipeline(training(tiny_model_path), catalog, [MlflowHooks()], tmp_path, {"mlflow": settings})
    assert str(tmp_path / "data" / "sft_model") in str(failed.value)

    assert catalog.load("sft_model").digest == open_model_folder(tiny_model_path).digest
    assert "is kept at" in caplog.text
    (parent,), (child,) = parents_and_children(client)
    assert parent.info.status == "FAILED"
    assert "the registry lacks sft_model" in parent.data.tags["error"]
    assert parent.data.tags["registration"] == "failed: sft_model"
    assert child.info.status == "FAILED"
    assert "a/b" in child.data.tags["error"]
    assert child.data.metrics["validation_loss"] == 1.5


@pytest.mark.usefixtures("inputs")
def test_a_run_that_kill_9_ended_is_closed_by_the_next_one(
    run_pipeline, catalog, settings, client, tmp_path, tiny_model_path
):
    import socket

    experiment = client.create_experiment("instruction-tuning", artifact_location=tmp_path.as_uri())
    # No process has the highest id that a 32-bit kernel could give.
    dead = client.create_run(experiment, tags={"process": f"{socket.gethostname()}:{2**31 - 1}"})
    alive = client.create_run(experiment, tags={"process": f"{socket.gethostname()}:{os.getpid()}"})
    run_pipeline(training(tiny_model_path), catalog, [MlflowHooks()], tmp_path, {"mlflow": settings})
    assert client.get_run(dead.info.run_id).info.status == "KILLED"
    assert client.get_run(alive.info.run_id).info.status == "RUNNING"


def test_tables_of_a_card_get_the_space_that_mlflows_page_does_not_give():
    card = "# A\n\n| a | b |\n|---|---:|\n| 1 | 2 |\n\nText | with a bar"
    assert spaced_tables(card) == (
        "# A\n\n| a | &ensp; b |\n|---|---:|\n| 1 | &ensp; 2 |\n\n&ensp;\n\nText | with a bar"
    )


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("/somewhere/.venv/bin/kedro", "kedro run '--params=data=my file.json'"),
        ("python -m kedro", "python -m kedro run '--params=data=my file.json'"),
    ],
)
def test_the_command_of_a_run_can_be_pasted(monkeypatch, tmp_path, program, said):
    monkeypatch.setattr("sys.argv", [program, "run", "--params=data=my file.json"])
    assert run_tags({"run_id": SESSION}, tmp_path)["command"] == said
