"""An MLflow server that dies in the middle of a run costs one wait, not one for each thing to record."""

import os
import time

import pytest
from answering_server import answering
from mlflow import MlflowClient

from instruction_tuning.hooks.run_context import mirrored

RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"


@pytest.fixture
def dead(monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """The client of a server that is no longer there; MLflow asks it three times, within some seconds."""
    address = "http://127.0.0.1:9"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    monkeypatch.setenv(RETRIES, "2")
    return MlflowClient(address)


def seconds_to_fail(client: MlflowClient) -> float:
    begun = time.monotonic()
    with mirrored("a tag"):
        client.set_tag("run", "key", "value")
    return time.monotonic() - begun


def test_a_server_that_has_died_is_waited_for_once_until_it_is_there_again(dead, caplog, monkeypatch):
    first, later = seconds_to_fail(dead), seconds_to_fail(dead)
    assert caplog.text.count("MLflow has no record of a tag") == 2
    assert later < first / 2, (first, later)
    with answering(200) as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        with mirrored("nothing"):
            pass
    assert os.environ[RETRIES] == "2"


def test_one_that_answers_is_asked_as_often_as_before(dead, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    with mirrored("a tag"):
        raise ValueError("a refusal")
    assert os.environ[RETRIES] == "2"
