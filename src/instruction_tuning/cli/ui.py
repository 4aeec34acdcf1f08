"""`kedro ui`: MLflow and kedro-viz together, until ctrl-C."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import click
from kedro.framework.cli.utils import env_option

from instruction_tuning.cli.plain_errors import plain_errors
from instruction_tuning.cli.project import project_context
from instruction_tuning.errors import WorkspaceError
from instruction_tuning.hooks.loopback import HOST, require_free_port
from instruction_tuning.hooks.redaction import redact_text

READY_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 5.0
STORE_VARIABLE = "MLFLOW_BACKEND_STORE_URI"
_POLL_SECONDS = 0.2
# MLflow's first page is about prompts and traces; this one lists runs and models.
_START_PAGES = {"MLflow": "#/experiments?workflowType=machine_learning"}


@dataclass
class Server:
    """A server process and where it answers."""

    name: str
    url: str
    process: "subprocess.Popen[bytes]"

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.url, timeout=2):
                return True
        except OSError:
            return False


@click.command()
@click.option("--mlflow-port", default=5001, show_default=True, help="Port of MLflow.")
@click.option("--viz-port", default=4141, show_default=True, help="Port of kedro-viz.")
@env_option
def ui(mlflow_port: int, viz_port: int, env: str | None) -> None:
    """Open MLflow (runs, models, verdicts) and kedro-viz (the pipelines) here; ctrl-C stops both."""
    # There is nothing to continue, and a pipeline that was not run has kept nothing.
    with plain_errors(stopped="Stopped."):
        with project_context(env) as context:
            project_path = context.project_path
        store = os.environ["MLFLOW_TRACKING_URI"]
        remote = store.startswith("http")
        _require_free(viz_port, "viz-port")
        if not remote:
            _require_free(mlflow_port, "mlflow-port")
        if remote:
            click.echo(f"MLflow runs at {redact_text(store)}")
        servers: list[Server] = []
        try:
            if not remote:
                command, variables = _mlflow_command(mlflow_port), {STORE_VARIABLE: store}
                servers.append(_start("MLflow", command, mlflow_port, project_path, variables))
            servers.append(_start("kedro-viz", _viz_command(viz_port, env), viz_port, project_path))
            _announce(servers)
            with suppress(KeyboardInterrupt):
                while all(server.process.poll() is None for server in servers):
                    time.sleep(_POLL_SECONDS)
                _raise_for_dead(servers)
        finally:
            with _undisturbed():
                for server in servers:
                    stop_with_children(server.process)
        click.echo("Stopped.")


def _require_free(port: int, option: str) -> None:
    """The makefile's variables are called as the options are."""
    variable = option.upper().replace("-", "_")
    fix = f"stop what uses it, or give another: make ui {variable}=<port>, or kedro ui --{option}=<port>"
    require_free_port(port, setting=option, fix=fix)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A second ctrl-C would leave servers behind that nobody knows of."""
    before = {name: signal.signal(name, signal.SIG_IGN) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _mlflow_command(port: int) -> list[str]:
    # The store goes by the environment: its address may hold a password, and any user may list commands.
    command = [sys.executable, "-m", "mlflow", "server"]
    return [*command, "--host", HOST, "--port", str(port), "--workers", "1"]


def _viz_command(port: int, env: str | None) -> list[str]:
    command = [sys.executable, "-m", "kedro", "viz", "run", "--lite", "--no-browser"]
    return [*command, "--host", HOST, "--port", str(port), *(["--env", env] if env else [])]


def _start(
    name: str, command: list[str], port: int, project_path: Path, environment: Mapping[str, str] | None = None
) -> Server:
    log = project_path / "data" / ".work" / f"{name.lower()}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        # A session of its own: ctrl-C comes to this command alone, which then stops all in order.
        process = subprocess.Popen(
            command,
            cwd=project_path,
            # MLflow's background jobs (eight more processes) are for features that nothing here uses.
            env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"} | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Server(name, f"http://{HOST}:{port}/{_START_PAGES.get(name, '')}", process)


def _announce(servers: list[Server]) -> None:
    """Say where each server is as soon as it answers."""
    waiting = list(servers)
    deadline = time.monotonic() + READY_TIMEOUT_SECONDS
    while waiting and time.monotonic() < deadline:
        _raise_for_dead(servers)
        for server in [server for server in waiting if server.is_ready()]:
            click.echo(f"{server.name}: {server.url}")
            waiting.remove(server)
        time.sleep(_POLL_SECONDS)
    if waiting:
        raise WorkspaceError(
            f"{waiting[0].name} did not answer within {READY_TIMEOUT_SECONDS:.0f} seconds",
            fix=f"read data/.work/{waiting[0].name.lower()}.log",
        )
    click.echo("ctrl-C stops both.")


def _raise_for_dead(servers: list[Server]) -> None:
    for server in servers:
        if server.process.poll() is not None:
            raise WorkspaceError(
                f"{server.name} stopped with exit code {server.process.returncode}",
                fix=f"read data/.work/{server.name.lower()}.log",
            )


def stop_with_children(process: "subprocess.Popen[bytes]") -> None:
    """Stop `process` and everything below it, whatever sessions those opened for themselves."""
    import psutil

    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(process.pid)
        family = [parent, *parent.children(recursive=True)]
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.terminate()
        _, alive = psutil.wait_procs(family, timeout=STOP_TIMEOUT_SECONDS)
        for member in alive:
            with suppress(psutil.NoSuchProcess):
                member.kill()
    process.wait()
