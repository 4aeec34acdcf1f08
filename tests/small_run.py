"""The whole chain once, in seconds, in a copy of the project: environment `test`."""

import os
import shutil
from pathlib import Path

from warm_processes import run_kedro

COPIED = ("conf", "src", "notebooks", "data/01_raw/microworld", "data/06_models/microworld_base")


def small_chain_environment(target: Path) -> dict[str, str]:
    """The environment to look at the run in `target` with."""
    return os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{target / 'mlflow.db'}"}


def copy_project(project: Path, target: Path, mlflow_store: Path) -> dict[str, str]:
    """A fresh clone of `project` in `target`, with an MLflow store; returns its processes' environment."""
    for name in COPIED:
        shutil.copytree(project / name, target / name, ignore=shutil.ignore_patterns("local"))
    (target / "conf" / "local").mkdir()
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(project / name, target / name)
    shutil.copy(mlflow_store, target / "mlflow.db")
    return small_chain_environment(target)


def run_small_chain(project: Path, target: Path, mlflow_store: Path) -> dict[str, str]:
    """Copy `project` to `target` and run it there; returns the environment to look at the result with."""
    environment = copy_project(project, target, mlflow_store)
    completed = run_kedro("run", "--env=test", cwd=target, env=environment)
    assert completed.returncode == 0, completed.stderr[-4000:]
    return environment
