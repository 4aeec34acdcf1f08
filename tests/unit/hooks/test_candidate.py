"""Which models can be candidates."""

import json
import shutil
from types import SimpleNamespace

import pytest
from kedro.io import DataCatalog

from instruction_tuning.errors import ConfigurationError, ModelFolderError
from instruction_tuning.hooks.candidate import CandidateHooks


def bind(candidate: str, project_path, **config) -> DataCatalog:
    hooks, catalog = CandidateHooks(), DataCatalog({})
    hooks.after_context_created(SimpleNamespace(project_path=project_path, config_loader=config))
    hooks.after_catalog_created(catalog, {"params:candidate": candidate})
    return catalog


def test_the_folder_of_a_language_model_becomes_the_candidate(tiny_model_path, tmp_path):
    assert bind(str(tiny_model_path), tmp_path).load("sft_model").path == tiny_model_path


@pytest.mark.parametrize("named", ["sft_model", "sft_model/2026-01-02", "sft_model/2026-01-02/sft_model"])
def test_the_folder_of_a_versioned_model_stands_for_its_newest_version(tiny_model_path, tmp_path, named):
    for version in ("2026-01-01", "2026-01-02"):
        shutil.copytree(tiny_model_path, tmp_path / "sft_model" / version / "sft_model")
    model = bind(str(tmp_path / named), tmp_path).load("sft_model")
    assert model.path == tmp_path / "sft_model/2026-01-02/sft_model"


def test_of_several_models_side_by_side_none_is_guessed(tiny_model_path, tmp_path):
    for name in ("one", "two"):
        shutil.copytree(tiny_model_path, tmp_path / "models" / name)
    with pytest.raises(ModelFolderError, match=r"lacks config\.json"):
        bind(str(tmp_path / "models"), tmp_path)


def test_a_reward_model_is_refused_as_candidate(tiny_model_path, tmp_path):
    folder = shutil.copytree(tiny_model_path, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    config["architectures"] = ["LlamaForSequenceClassification"]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ConfigurationError, match=r"reward model \(LlamaForSequenceClassification\)"):
        bind(str(folder), tmp_path)


@pytest.mark.usefixtures("mlflow_store")
def test_a_version_of_another_registered_model_is_refused(tmp_path):
    from mlflow import MlflowClient

    client = MlflowClient()
    client.create_registered_model("reward-model")
    client.create_model_version("reward-model", source=tmp_path.as_uri())
    with pytest.raises(ConfigurationError, match="`models:/reward-model/1` is no version of sft-model"):
        bind("models:/reward-model/1", tmp_path)


@pytest.mark.usefixtures("mlflow_store")
def test_a_version_of_any_model_that_is_registered_here_becomes_the_candidate(tiny_model_path, tmp_path):
    from mlflow import MlflowClient

    tracked = {"metrics": "m", "training_log": "l"}
    names = {"sft_model": "sft-model", "backtranslated_model": "backtranslated-model"}
    config = {"models": {name: {"registered_name": known, **tracked} for name, known in names.items()}}
    client = MlflowClient()
    client.create_registered_model("backtranslated-model")
    client.create_model_version("backtranslated-model", source=tiny_model_path.as_uri())
    catalog = bind("models:/backtranslated-model/1", tmp_path, mlflow=config)
    weights = (catalog.load("sft_model").path / "model.safetensors").read_bytes()
    assert weights == (tiny_model_path / "model.safetensors").read_bytes()
