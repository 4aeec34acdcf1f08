import pandas as pd
import pytest
from training_builders import model_without_weights

from instruction_tuning.lm.model_folder import open_model_folder
from instruction_tuning.training.training_record import (
    read_training_data,
    read_training_record,
    write_training_data,
    write_training_record,
)

METRICS = {"heldout_loss_after": 0.1 + 0.2, "steps": 3.0}


@pytest.fixture
def model(tmp_path):
    return model_without_weights(tmp_path)


@pytest.fixture
def log():
    steps = [1, 5, 6]
    return pd.DataFrame(
        {
            "step": steps,
            "epoch": [step / 6 for step in steps],
            "loss": [3.0, 1.5, 1 / 3],
            "learning_rate": [1e-3, 5e-4, 0.0],
            "tokens_seen": [100, 500, 600],
        }
    )


def test_what_was_written_is_read(model, log):
    write_training_record(model, log, METRICS)
    found_log, found_metrics = read_training_record(model)
    pd.testing.assert_frame_equal(found_log, log)
    assert found_metrics == METRICS


def test_the_record_does_not_change_the_digest(model, log):
    assert write_training_record(model, log, METRICS) == open_model_folder(model.path)


def test_a_second_record_replaces_the_first_and_leaves_no_other_file(model, log):
    write_training_record(model, log, METRICS)
    write_training_record(model, log.head(1), {"steps": 1.0})
    found_log, found_metrics = read_training_record(model)
    assert (len(found_log), found_metrics) == (1, {"steps": 1.0})
    names = {file.name for file in model.path.iterdir()}
    assert names == {"config.json", "model.safetensors", "training_log.csv", "training_metrics.json"}


def test_what_it_was_trained_on_goes_with_the_model_and_not_into_its_digest(model):
    facts = {"examples": 3, "sources": {"中文": 3}}
    assert write_training_data(model, facts) == open_model_folder(model.path)
    assert read_training_data(model) == facts


def test_a_model_from_elsewhere_has_an_empty_record(model):
    log, metrics = read_training_record(model)
    assert log.empty and "loss" in log.columns
    assert metrics == {}
    assert read_training_data(model) == {}
