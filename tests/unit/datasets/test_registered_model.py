"""Models of the registry, by alias and by version."""

import json
from pathlib import Path

import pytest

from instruction_tuning.datasets.registered_model import (
    RegisteredModelDataset,
    resolve_model_uri,
)
from instruction_tuning.datasets.registry_lookup import (
    _of_digest_by_client,
    aliased_version,
    version_of_digest,
)
from instruction_tuning.errors import ConfigurationError


@pytest.mark.usefixtures("mlflow_store")
def test_an_empty_registry_has_no_champion():
    dataset = RegisteredModelDataset(name="sft-model", alias="champion")
    assert dataset.load() is None
    assert dataset.exists()


@pytest.mark.usefixtures("mlflow_store")
def test_a_preview_shows_the_version_that_carries_the_alias(tmp_path, monkeypatch):
    from mlflow import MlflowClient

    def shown() -> str:
        return json.loads(RegisteredModelDataset(name="sft-model", alias="champion").preview())["version"]

    assert shown() == "none yet"
    client = MlflowClient()
    client.create_registered_model("sft-model")
    client.create_model_version("sft-model", source=tmp_path.as_uri(), tags={"model_digest": "abcd"})
    client.set_registered_model_alias("sft-model", "champion", "1")
    assert shown() == "models:/sft-model/1 (abcd)"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert shown().startswith("unknown: no MLflow server answers at http://127.0.0.1:9")


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


def test_the_version_behind_an_alias_is_read_from_the_file_as_mlflow_reads_it(mlflow_store, tmp_path):
    from mlflow import MlflowClient

    assert aliased_version("sft-model", "champion") is None
    client = MlflowClient()
    client.create_registered_model("sft-model")
    for digest in ("aa", "bb"):
        client.create_model_version("sft-model", source=tmp_path.as_uri(), tags={"model_digest": digest})
    client.set_registered_model_alias("sft-model", "champion", "2")
    found = client.get_model_version_by_alias("sft-model", "champion")
    assert aliased_version("sft-model", "champion") == (str(found.version), found.tags["model_digest"])
    assert aliased_version("sft-model", "challenger") is None


def test_the_newest_version_with_a_digest_is_read_from_the_file_as_mlflow_reads_it(mlflow_store, tmp_path):
    from mlflow import MlflowClient

    assert version_of_digest("sft-model", "aa") is None
    client = MlflowClient()
    client.create_registered_model("sft-model")
    for digest in ("aa", "bb", "aa", "bb", "aa"):
        client.create_model_version("sft-model", source=tmp_path.as_uri(), tags={"model_digest": digest})
    for alias, version in (("champion", "3"), ("challenger", "3"), ("old", "1")):
        client.set_registered_model_alias("sft-model", alias, version)
    client.delete_model_version("sft-model", "5")
    expected = {"aa": ("3", ["challenger", "champion"]), "bb": ("4", []), "cc": None}
    for digest, found in expected.items():
        assert version_of_digest("sft-model", digest) == found
        assert _of_digest_by_client("sft-model", digest) == found
