"""Servers that `kedro ui` starts are stopped with all that they started themselves."""

import signal
import subprocess
import sys
import time

import click
import psutil
import pytest
from click.testing import CliRunner

from instruction_tuning.cli.plain_errors import EXIT_INTERRUPTED
from instruction_tuning.cli.ui import STORE_VARIABLE, _mlflow_command, stop_with_children, ui

# A child in a session of its own that ignores the polite signal, as some servers' workers do.
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
)
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {STUBBORN!r}], start_new_session=True, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""


def test_children_in_other_sessions_are_stopped_too(monkeypatch):
    monkeypatch.setattr("instruction_tuning.cli.ui.STOP_TIMEOUT_SECONDS", 0.3)
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        stop_with_children(parent)
    deadline = time.monotonic() + 5
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


@pytest.mark.filterwarnings("ignore::UserWarning:mlflow.*")
def test_mlflows_server_reads_its_store_from_the_environment_and_not_from_its_arguments():
    from mlflow.cli import server

    assert "--backend-store-uri" not in _mlflow_command(5001)
    options = {option.name: option for option in server.params if isinstance(option, click.Option)}
    assert options["backend_store_uri"].envvar == STORE_VARIABLE


def test_ctrl_c_while_the_servers_start_promises_nothing(monkeypatch):
    def interrupted(env: str | None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("instruction_tuning.cli.ui.project_context", interrupted)
    result = CliRunner().invoke(ui, [])
    assert result.exit_code == EXIT_INTERRUPTED
    assert "Stopped." in result.output and "continue" not in result.output


def test_a_second_ctrl_c_leaves_no_server_behind():
    """The process group is asked to stop again while it waits for a child that does not stop politely."""
    program = f"""
import subprocess, sys
from instruction_tuning.cli import ui
ui.STOP_TIMEOUT_SECONDS = 1.5
stubborn = [sys.executable, "-c", {STUBBORN!r}]
server = subprocess.Popen(stubborn, start_new_session=True, stdout=subprocess.PIPE)
server.stdout.readline()
print(server.pid, flush=True)
with ui._undisturbed():
    print("stopping", flush=True)
    ui.stop_with_children(server)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as stopping:
        assert stopping.stdout is not None
        server = psutil.Process(int(stopping.stdout.readline()))
        assert stopping.stdout.readline() == "stopping\n"
        for number in (signal.SIGINT, signal.SIGTERM):
            stopping.send_signal(number)
        assert stopping.wait(timeout=30) == 0
    assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE
