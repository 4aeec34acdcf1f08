import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from reporting_builders import stored_run, training_log
from training_builders import model_without_weights

from instruction_tuning.datasets.atomic import DocumentDataset
from instruction_tuning.pipelines.reporting import create_pipeline
from instruction_tuning.pipelines.reporting.parameters import ReportingParameters
from instruction_tuning.training.training_record import write_training_record


def report_on(folder, run, sft_model, reward_model):
    given = {name: value for name, value in run.items() if not name.endswith("_metrics") and name != "seed"}
    given |= {"sft_model": sft_model, "reward_model": reward_model}
    given["params:reporting"] = ReportingParameters(seed=1)
    assert set(given) == create_pipeline().inputs()
    memory = {name: MemoryDataset(value, copy_mode="assign") for name, value in given.items()}
    page = DocumentDataset(filepath=str(folder / "run_dashboard.html"))
    outputs = SequentialRunner().run(create_pipeline(), DataCatalog(memory | {"run_dashboard": page}))
    assert set(outputs) == {"run_report"}
    return outputs["run_report"].load(), page.load().read_text(encoding="utf-8")


@pytest.fixture
def models(tmp_path):
    return model_without_weights(tmp_path / "sft_model"), model_without_weights(tmp_path / "reward_model")


def test_a_stored_run_becomes_a_report_and_a_page(tmp_path, models):
    run = stored_run()
    for trained, metrics in zip(models, (run["sft_metrics"], run["reward_metrics"]), strict=True):
        write_training_record(trained, training_log(), metrics)
    report, page = report_on(tmp_path, run, *models)
    assert "Verdict: PASS" in report
    assert "3.200 → 0.400 nats a token" in report
    assert str(tmp_path / "run_dashboard.html") in report
    assert page.startswith("<!DOCTYPE html>")


def test_models_without_a_training_record_are_reported_too(tmp_path, models):
    report, _ = report_on(tmp_path, stored_run(), *models)
    assert "Reward model: none was trained." in report
