"""A run says which stored versions it takes of what it does not make."""

from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset, Version
from kedro.pipeline import Node, Pipeline

from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.datasets.newest_frame import NewestFrameDataset
from instruction_tuning.datasets.registered_model import RegisteredModelDataset
from instruction_tuning.hooks.preflight import check_before_run
from instruction_tuning.hooks.stored_inputs import stored_inputs

FIRST, SECOND = "2026-01-01T00.00.00.000Z", "2026-01-02T00.00.00.000Z"
INPUTS = ["verified_examples", "champion_model", "stored_examples", "given"]
PIPELINE = Pipeline([Node(lambda *_: 1, INPUTS, "annotation_tasks", name="make_tasks")])


def catalog(folder: Path, load_version: str | None = None) -> DataCatalog:
    file = str(folder / "verified_examples.parquet")
    return DataCatalog(
        {
            "verified_examples": FrameDataset(filepath=file, version=Version(load_version, None)),
            "champion_model": RegisteredModelDataset(name="sft-model", alias="champion"),
            "stored_examples": NewestFrameDataset(
                frames={"answers": {"filepath": file}}, key="record_id", made_by="kedro run"
            ),
            "given": MemoryDataset(1),
            "annotation_tasks": MemoryDataset(),
        }
    )


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    for version in (FIRST, SECOND):
        dataset = FrameDataset(
            filepath=str(tmp_path / "verified_examples.parquet"), version=Version(None, version)
        )
        dataset.save(pd.DataFrame({"record_id": ["a"]}))
    return tmp_path


@pytest.mark.usefixtures("mlflow_store")
def test_versions_and_digests_of_what_earlier_runs_stored_are_told(
    stored: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from mlflow import MlflowClient

    client = MlflowClient()
    client.create_registered_model("sft-model")
    client.create_model_version("sft-model", source=stored.as_uri(), tags={"model_digest": "abcd"})
    client.set_registered_model_alias("sft-model", "champion", "1")
    caplog.set_level("INFO", "instruction_tuning")
    check_before_run({"project_path": str(stored)}, PIPELINE, catalog(stored))
    assert caplog.messages == [
        "stored by earlier runs: champion_model models:/sft-model/1 (abcd); "
        f"stored_examples verified_examples {SECOND}; verified_examples {SECOND}"
    ]


@pytest.mark.usefixtures("mlflow_store")
def test_a_pinned_version_is_the_one_that_is_told_and_no_champion_is_none(stored: Path) -> None:
    told = stored_inputs(PIPELINE, catalog(stored, FIRST))
    assert f"verified_examples {FIRST}" in told and "champion" not in told


@pytest.mark.usefixtures("mlflow_store")
def test_a_run_that_makes_all_it_takes_says_nothing(tmp_path: Path) -> None:
    assert stored_inputs(PIPELINE, catalog(tmp_path)) == ""
