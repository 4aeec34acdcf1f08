"""The lines that a run without a report ends with."""

from pathlib import Path
from typing import Any

import pytest

from instruction_tuning.cli.result import result_lines
from instruction_tuning.datasets.atomic import JSONDataset
from instruction_tuning.datasets.model_folder import ModelFolderDataset
from instruction_tuning.lm.model_folder import open_model_folder


def register(model: Path, alias: str) -> None:
    from mlflow import MlflowClient

    client = MlflowClient()
    client.create_registered_model("sft-model")
    tags = {"model_digest": open_model_folder(model).digest}
    version = client.create_model_version("sft-model", source=model.as_uri(), tags=tags)
    client.set_registered_model_alias("sft-model", alias, version.version)


@pytest.mark.usefixtures("mlflow_store")
def test_a_fine_tuning_ends_with_its_folder_its_version_and_the_next_command(
    tiny_model_path, tmp_path, monkeypatch
):
    monkeypatch.chdir(tiny_model_path.parent)
    outputs = {"sft_model": ModelFolderDataset(filepath=str(tiny_model_path)), "rejected_records": None}
    text = "\n".join(result_lines(outputs))
    assert text.startswith(f"Fine-tuned model: {tiny_model_path.name}, not registered")
    assert f"--params=candidate={tiny_model_path.name}" in text
    register(tiny_model_path, "challenger")
    text = "\n".join(result_lines(outputs))
    assert f"{tiny_model_path.name}, registered as models:/sft-model/1" in text
    assert "kedro run --pipeline=evaluation --params=candidate=models:/sft-model/1" in text


@pytest.mark.usefixtures("mlflow_store")
def test_an_evaluation_ends_with_the_verdict_and_its_reasons(tiny_model_path, tmp_path):
    register(tiny_model_path, "champion")
    verdict: dict[str, Any] = {
        "verdict": "fail",
        "reasons": ["keeps documents: failed: 5 points lost"],
        "incumbent": "base",
        "candidate_digest": open_model_folder(tiny_model_path).digest,
    }
    dataset = JSONDataset(filepath=str(tmp_path / "verdict.json"))
    dataset.save(verdict)
    lines = list(result_lines({"promotion_verdict": dataset}))
    assert lines[:2] == [
        "Verdict on models:/sft-model/1 against the base: fail",
        "  keeps documents: failed: 5 points lost",
    ]
    assert lines[-1].startswith("Next: ")


def test_other_runs_end_as_before():
    assert list(result_lines({"instruction_pool": None})) == []
