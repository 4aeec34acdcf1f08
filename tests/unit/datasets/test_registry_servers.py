"""Models that are fetched from real MLflow servers."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow_server import mlflow_server

from instruction_tuning.datasets.registered_model import RegisteredModelDataset, download_version
from instruction_tuning.errors import ModelFolderError
from instruction_tuning.hooks.model_registry import find_version, log_model, register
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def servers(
    tmp_path_factory: pytest.TempPathFactory, empty_mlflow_store: Path, tiny_model_path: Path
) -> Iterator[dict[str, ModelFolder]]:
    """Two servers, by address, with another model each as `sft-model/1`, their champion."""
    folder = tmp_path_factory.mktemp("servers")
    other = Path(shutil.copytree(tiny_model_path, folder / "other_model"))
    other.joinpath("config.json").write_text(other.joinpath("config.json").read_text() + "\n")
    models = [open_model_folder(path) for path in (tiny_model_path, other)]
    with (
        mlflow_server(folder / "one", empty_mlflow_store) as one,
        mlflow_server(folder / "two", empty_mlflow_store) as two,
    ):
        served = dict(zip((one, two), models, strict=True))
        for uri, model in served.items():
            _register(uri, model, {"model_digest": model.digest})
        yield served


def _register(uri: str, model: ModelFolder, tags: dict[str, str]) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(uri, uri)
    experiment = client.get_experiment_by_name("x") or client.get_experiment(client.create_experiment("x"))
    run = client.create_run(experiment.experiment_id).info.run_id
    model_id = log_model(client, experiment.experiment_id, run, "sft-model", model, {})
    made = register(client, "sft-model", model_id, run, card="A card", tags=tags)
    if made.version == "1":
        client.set_registered_model_alias("sft-model", "champion", "1")
        found = find_version(client, "sft-model", model.digest)
        assert found is not None and found.digest == model.digest


def test_a_version_of_another_server_is_another_model(
    servers: dict[str, ModelFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion = RegisteredModelDataset(name="sft-model", alias="champion", path=str(tmp_path))
    for _ in range(2):
        for uri, model in servers.items():
            monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
            folder = download_version("sft-model", "1", tmp_path)
            assert folder.digest == model.digest
            loaded = champion.load()
            assert loaded == folder
            assert champion.taken_versions() == [f"models:/sft-model/1 ({model.digest})"]


def test_a_fetched_folder_that_was_changed_since_is_fetched_again(
    servers: dict[str, ModelFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, model = next(iter(servers.items()))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    folder = download_version("sft-model", "1", tmp_path)
    folder.path.joinpath("config.json").write_text("{}")
    assert download_version("sft-model", "1", tmp_path).digest == model.digest
    folder.path.joinpath("config.json").unlink()
    assert download_version("sft-model", "1", tmp_path).digest == model.digest


def test_files_that_are_not_those_that_were_registered_are_refused(
    servers: dict[str, ModelFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, model = next(iter(servers.items()))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    _register(uri, model, {"model_digest": "0123456789abcdef"})
    with pytest.raises(ModelFolderError, match=r"models:/sft-model/2.*with digest 0123456789abcdef"):
        download_version("sft-model", "2", tmp_path)
    assert not list(tmp_path.glob("sft-model/*/config.json"))
