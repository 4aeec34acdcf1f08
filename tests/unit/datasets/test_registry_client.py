"""A store that cannot be used: said in seconds, with the setting and without its password."""

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from answering_server import answering

from instruction_tuning.datasets import registry_client as asked
from instruction_tuning.datasets.registered_model import RegisteredModelDataset, newest_version
from instruction_tuning.datasets.registry_client import registry_client, require_reachable, require_writable
from instruction_tuning.errors import ConfigurationError, WorkspaceError
from instruction_tuning.lineage.registry import registered_models


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("http://127.0.0.1:9", r"no MLflow server answers at http://127\.0\.0\.1:9: .*refused"),
        ("http://me:word@127.0.0.1:9/", r"no MLflow server answers at http://127\.0\.0\.1:9/: "),
        ("http://127.0.0.1:port", "no MLflow server answers"),
        ("postgresql+psycopg://127.0.0.1:9/mlflow", "no MLflow server answers"),
        ("localhost:5000", r"is no address of an MLflow server(.|\n)*write http://localhost:5000"),
    ],
)
def test_an_address_where_nobody_answers_is_named_with_the_setting(uri: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        require_reachable(uri)
    assert "field MLFLOW_TRACKING_URI" in str(refused.value)
    assert "unset MLFLOW_TRACKING_URI" in str(refused.value) and "word" not in str(refused.value)


def test_a_server_that_listens_and_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "ANSWER_TIMEOUT_SECONDS", 0.2)
    timed_out = pytest.raises(ConfigurationError, match=r"no MLflow server answers.*timed out")
    with socket.create_server(("127.0.0.1", 0)) as silent, timed_out:
        require_reachable(f"http://127.0.0.1:{silent.getsockname()[1]}")


def test_a_gateway_without_its_server_is_no_answer_and_a_refusal_is_one() -> None:
    with answering(502) as uri, pytest.raises(ConfigurationError, match="502 Bad Gateway"):
        require_reachable(uri)
    with answering(401) as uri:
        require_reachable(uri)


@pytest.mark.parametrize("uri", ["", "sqlite:////no/such/mlflow.db", "databricks", "/x/mlruns"])
def test_where_there_is_nobody_to_ask_mlflow_decides(uri: str) -> None:
    require_reachable(uri)


@pytest.mark.parametrize("uri", ["/x/mlruns", "foo://bar", "postgresql:///mlflow"])
def test_a_store_that_mlflow_refuses_is_named_with_the_setting(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    questions = (
        RegisteredModelDataset(name="sft-model", alias="champion").taken_versions,
        lambda: newest_version("sft-model"),
        lambda: registered_models(uri),
    )
    for ask in questions:
        with pytest.raises(ConfigurationError, match=r"MLflow's store cannot be used") as refused:
            ask()
        assert "field MLFLOW_TRACKING_URI" in str(refused.value) and "fix: name a server" in str(
            refused.value
        )


def test_what_is_no_server_of_mlflows_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(404) as uri:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        with pytest.raises(ConfigurationError, match="404"), registry_client() as client:
            client.search_model_versions("name='sft-model'")


def test_a_file_that_is_no_store_is_to_be_moved_away(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    file.touch()
    require_reachable(f"sqlite:///{file}")
    file.write_text("no database " * 100)
    with pytest.raises(ConfigurationError, match=r"mlflow\.db, field MLFLOW_(.|\n)*move the file"):
        require_reachable(f"sqlite:///{file}")


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder that this process can look into and not write to, even when root runs the tests."""
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "mlflow.db").touch(mode=0o444)
        folder.chmod(0o555)
        if user == 0:
            os.seteuid(65534)
        yield folder
        os.seteuid(user)
        folder.chmod(0o755)


@pytest.mark.parametrize("file", ["mlflow.db", "new/mlflow.db"])
def test_a_store_that_cannot_be_written_is_named_at_once(read_only, file):
    with pytest.raises(WorkspaceError, match="cannot be written") as told:
        require_writable(f"sqlite:///{read_only / file}")
    assert told.value.file == read_only and "MLFLOW_TRACKING_URI" in told.value.fix


def test_a_store_that_can_be_written_and_one_that_is_a_server_pass(tmp_path):
    require_writable(f"sqlite:///{tmp_path / 'new' / 'mlflow.db'}")
    require_writable("http://127.0.0.1:9")
