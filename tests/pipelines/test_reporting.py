from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from reporting_builders import embeddings, stored_run, training_log

from instruction_tuning.pipelines.reporting import create_pipeline
from instruction_tuning.pipelines.reporting.parameters import ReportingParameters


def test_a_stored_run_becomes_a_report_and_a_page():
    run = stored_run()
    given = {name: value for name, value in run.items() if name != "seed"} | {
        "pool_embeddings": embeddings(run["instruction_pool"]),
        "sft_training_log": training_log(),
        "reward_training_log": training_log(),
        "params:reporting": ReportingParameters(seed=1),
    }
    assert set(given) == create_pipeline().inputs()
    catalog = DataCatalog({name: MemoryDataset(value, copy_mode="assign") for name, value in given.items()})
    outputs = SequentialRunner().run(create_pipeline(), catalog)
    assert set(outputs) == {"run_report", "run_dashboard"}
    assert "Verdict: PASS" in outputs["run_report"].load()
    assert outputs["run_dashboard"].load().startswith("<!DOCTYPE html>")
