from pathlib import Path

import pytest
from lineage_builders import StoredProject

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lineage.leftovers import how_to_delete, leftovers
from instruction_tuning.lineage.registry import _by_client, find_model, registered_models, without_a_trace


@pytest.fixture
def registry(mlflow_store: str) -> str:
    """Three versions of sft-model, the second deleted, the first champion."""
    from mlflow import MlflowClient

    client = MlflowClient()
    client.create_registered_model("sft-model")
    for number in range(3):
        tags = {
            "data.sft_mixture": f"v{number} {'0' * 16}",
            "data.base_model": "1" * 16,
            "command": "kedro run",
        }
        client.create_model_version("sft-model", source="somewhere", tags=tags)
    client.set_registered_model_alias("sft-model", "champion", "1")
    client.delete_model_version("sft-model", "2")
    return mlflow_store


def test_the_tables_say_what_mlflow_says(registry: str) -> None:
    models = registered_models(registry)
    assert [(model.version, model.aliases) for model in models] == [("1", ("champion",)), ("3", ())]
    assert models == sorted(_by_client(), key=lambda model: int(model.version))


def test_versioned_data_come_with_version_and_digest(registry: str) -> None:
    (state,) = registered_models(registry)[1].data.values()
    assert (state.version, state.digest) == ("v2", "0" * 16)


def test_a_model_is_found_by_number_and_alias_and_an_unknown_one_refused(registry: str) -> None:
    models = registered_models(registry)
    assert find_model("models:/sft-model@champion", models) == find_model("models:/sft-model/1", models)
    for uri in ("models:/sft-model/2", "models:/sft-model@nobody", "models:/other/1", "models:sft-model"):
        with pytest.raises(ConfigurationError, match="models:/sft-model"):
            find_model(uri, models)


def test_files_of_a_deleted_version_are_left_over_until_mlflow_collects_them(
    mlflow_store: str, tmp_path
) -> None:
    from mlflow import MlflowClient

    client = MlflowClient()
    experiment = client.create_experiment("e", artifact_location=(tmp_path / "artifacts").as_uri())
    ids = []
    (tmp_path / "weights.bin").write_bytes(b"12345")
    client.create_registered_model("sft-model")
    for _ in range(2):
        logged = client.create_logged_model(experiment)
        client.log_model_artifact(logged.model_id, str(tmp_path / "weights.bin"))
        client.create_model_version("sft-model", f"models:/{logged.model_id}", model_id=logged.model_id)
        ids.append(logged.model_id)
    assert leftovers(mlflow_store, registered_models(mlflow_store)) == []
    client.delete_model_version("sft-model", "1")
    (left,) = leftovers(mlflow_store, registered_models(mlflow_store))
    assert (left.model_id, left.bytes, left.is_marked_deleted) == (ids[0], 5, False)
    assert f"delete_logged_model('{ids[0]}')" in how_to_delete([left], mlflow_store)
    client.delete_logged_model(ids[0])
    (left,) = leftovers(mlflow_store, registered_models(mlflow_store))
    told = how_to_delete([left], mlflow_store)
    assert "delete_logged_model" not in told and told.endswith(f"--logged-model-ids {ids[0]}")


def test_without_a_store_there_are_no_models(tmp_path) -> None:
    assert registered_models(f"sqlite:///{tmp_path / 'none.db'}") == []


def test_a_model_that_was_registered_leaves_a_trace_even_when_deleted(
    mlflow_store: str, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    made = StoredProject(tmp_path / "project")
    for version in ("v1", "v2", "v3"):
        made.ran("sft.publish_sft_model", {"sft_mixture": "v1"}, {"sft_model": version})
    made.ran("sft.preview_mask", {}, {"sft_model": "v4"})
    client = MlflowClient()
    client.create_registered_model("sft-model")
    for version in ("v1", "v2"):
        client.create_model_version(
            "sft-model", "somewhere", tags={"data.sft_model": f"{version} {'0' * 16}"}
        )
    client.delete_model_version("sft-model", "2")
    models = registered_models(mlflow_store)
    assert without_a_trace(made.executions, models, mlflow_store) == [("sft_model", "v3")]
    elsewhere = f"sqlite:///{tmp_path / 'none.db'}"
    unknown = without_a_trace(made.executions, registered_models(elsewhere), elsewhere)
    assert unknown == [("sft_model", version) for version in ("v1", "v2", "v3")]
