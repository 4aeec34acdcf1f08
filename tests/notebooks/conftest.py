"""A run to look at."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from small_run import run_small_chain


@dataclass(frozen=True)
class SmallRun:
    """A copy of the project in which the chain has run, and the environment of its processes."""

    project: Path
    environment: dict[str, str]


@pytest.fixture(scope="session")
def small_run(
    project_path: Path, empty_mlflow_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> SmallRun:
    target = tmp_path_factory.mktemp("small_run") / "project"
    return SmallRun(target, run_small_chain(project_path, target, empty_mlflow_store))
