"""Models of the registry, by alias and by version."""

from pathlib import Path

import pytest

from instruction_tuning.datasets.registered_model import RegisteredModelDataset, resolve_model_uri
from instruction_tuning.errors import ConfigurationError


@pytest.mark.usefixtures("mlflow_store")
def test_an_empty_registry_has_no_champion():
    dataset = RegisteredModelDataset(name="sft-model", alias="champion")
    assert dataset.load() is None
    assert dataset.exists()


@pytest.mark.usefixtures("mlflow_store")
def test_a_version_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path):
    from mlflow import MlflowClient

    client = MlflowClient()
    client.create_registered_model("sft-model")
    client.create_model_version("sft-model", source=tmp_path.as_uri())
    client.set_registered_model_alias("sft-model", "champion", "1")
    assert resolve_model_uri("models:/sft-model/1") == ("sft-model", "1")
    assert resolve_model_uri("models:/sft-model@champion") == ("sft-model", "1")
    with pytest.raises(ConfigurationError, match=r"no `models:/sft-model/7`(.|\n)*version that exists: 1"):
        resolve_model_uri("models:/sft-model/7")
    with pytest.raises(ConfigurationError, match="names no registered model"):
        resolve_model_uri("models:/sft-model")
