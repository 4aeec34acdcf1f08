"""`kedro ui` where something listens already."""

import socket
from collections.abc import Iterator

import pytest
from warm_processes import run_kedro


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.usefixtures("mlflow_store")
@pytest.mark.parametrize(
    ("option", "other"), [("--mlflow-port", "--viz-port"), ("--viz-port", "--mlflow-port")]
)
def test_a_port_that_is_taken_is_named_with_the_option_that_gives_another(
    project_path, taken, free, option, other
):
    done = run_kedro("ui", option, str(taken), other, str(free), cwd=project_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"port {taken} on 127.0.0.1 cannot be used" in done.stderr
    # In the words of both who typed `make ui` and who typed `kedro ui`.
    variable = option.removeprefix("--").replace("-", "_").upper()
    assert f"make ui {variable}=<port>, or kedro ui {option}=<port>" in done.stderr
    assert f"{option} $({variable})" in (project_path / "Makefile").read_text()
    assert "Traceback" not in done.stderr and "ctrl-C stops" not in done.stdout
