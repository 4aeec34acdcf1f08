"""MLflow along a run: one parent run a `kedro run`, one child run a trained model, and the registry.

MLflow is imported inside functions only. When it fails in the middle of a run, the run goes on: what
it made is in the catalog. Where a model could not be registered, the run fails after its last node.
"""

import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Node, Pipeline

from instruction_tuning.datasets.registry_client import TRACKING_URI, require_reachable, require_writable
from instruction_tuning.errors import RegistrationError
from instruction_tuning.hooks.incremental_plan import nodes_that_may_run
from instruction_tuning.hooks.redaction import redact_text
from instruction_tuning.hooks.run_tracker import RunTracker
from instruction_tuning.hooks.tracking_settings import TrackingSettings, read_tracking
from instruction_tuning.incremental.live import run_of
from instruction_tuning.runner import RunInterruptedError


class MlflowHooks:
    """Passes Kedro's events to a `RunTracker`."""

    def __init__(self) -> None:
        self._settings = TrackingSettings()
        self._project_path = Path()
        self._tracker: RunTracker | None = None
        self._start: Callable[[], RunTracker] | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        self._settings = read_tracking(context.config_loader)
        self._project_path = context.project_path
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        # Set here, so that datasets find the same server as the hooks, in a notebook too.
        os.environ.setdefault(TRACKING_URI, self._settings.store(context.project_path))

    @hook_impl(trylast=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        self._tracker = self._start = None
        if not nodes_that_may_run(run_params, pipeline).nodes:
            return
        require_reachable(os.environ[TRACKING_URI])
        require_writable(os.environ[TRACKING_URI])
        self._start = partial(
            RunTracker.start,
            self._settings,
            pipeline=pipeline,
            catalog=catalog,
            name=f"{run_name(run_params)} {run_params['run_id']}",
            tags=run_tags(run_params, self._project_path),
            artifact_location=_artifact_location(os.environ[TRACKING_URI], self._project_path),
            candidate=(run_params.get("runtime_params") or {}).get("candidate"),
            incremental=run_of(run_params),
        )

    @hook_impl(tryfirst=True)
    def before_dataset_loaded(self) -> None:
        self._open()

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        if self._tracker is not None:
            self._tracker.loaded(dataset_name, data)

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        self._open()
        if self._tracker is not None:
            self._tracker.node_starts(node)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        if self._tracker is not None:
            self._tracker.saved(dataset_name, data)

    @hook_impl(trylast=True)
    def after_pipeline_run(self, run_params: dict[str, Any]) -> None:
        unregistered = self._finish("FINISHED")
        if unregistered is None:
            return
        run = run_of(run_params)
        if run is None:
            raise unregistered
        run.failure = unregistered

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        if isinstance(error, RunInterruptedError):
            self._finish("KILLED")
        else:
            self._finish("FAILED", error=str(error))

    def _open(self) -> None:
        """With the first node that really runs: a run that has nothing to do leaves nothing in MLflow."""
        if self._start is not None:
            start, self._start = self._start, None
            self._tracker = start()

    def _finish(self, status: str, *, error: str | None = None) -> RegistrationError | None:
        self._start = None
        tracker, self._tracker = self._tracker, None
        return None if tracker is None else tracker.finish(status, error=error)


def run_name(run_params: dict[str, Any]) -> str:
    """The pipelines or namespaces of a run, in a stable order."""
    names = run_params.get("namespaces") or run_params.get("pipeline_names") or ["__default__"]
    return "+".join(sorted(names))


def run_tags(run_params: dict[str, Any], project_path: Path) -> dict[str, str]:
    """Where a run comes from: code, command, environment, process."""
    tags = {
        "mlflow.source.name": project_path.name,
        "mlflow.source.type": "PROJECT",
        "kedro.pipeline": "+".join(sorted(run_params.get("pipeline_names") or ["__default__"])),
        "kedro.env": run_params.get("env") or "local",
        "kedro.session": run_params["run_id"],
        "command": redact_text(_command()),
        "process": f"{socket.gethostname()}:{os.getpid()}",
    }
    if run_params.get("namespaces"):
        tags["kedro.namespaces"] = "+".join(sorted(run_params["namespaces"]))
    commit = _git(project_path, "rev-parse", "HEAD")
    if commit:
        tags["mlflow.source.git.commit"] = commit
        tags["git.uncommitted_changes"] = str(bool(_git(project_path, "status", "--porcelain")))
    return tags


def _command() -> str:
    """`kedro run ...` as typed; a program that calls the session itself is named by its file."""
    program = Path(sys.argv[0]).name or "python"
    # So Kedro calls itself under `python -m kedro`.
    words = program.split() if program.startswith("python -m ") else [program]
    return shlex.join([*words, *sys.argv[1:]])


def _git(project_path: Path, *arguments: str) -> str:
    try:
        completed = subprocess.run(
            ["git", *arguments], cwd=project_path, capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return completed.stdout.strip() if completed.returncode == 0 else ""


def _artifact_location(uri: str, project_path: Path) -> str | None:
    """Beside the sqlite file; any other store has its own place for artifacts."""
    return (project_path / "mlartifacts").as_uri() if uri.startswith("sqlite:") else None
