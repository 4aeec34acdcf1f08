"""The project as Kedro sees it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kedro.framework.context import KedroContext
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Pipeline


@pytest.fixture(scope="module")
def context(project_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KedroContext]:
    with pytest.MonkeyPatch.context() as patch:
        store = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")
        patch.chdir(project_path)
        bootstrap_project(project_path)
        # `base`: whatever the developer has in conf/local.
        with KedroSession.create(project_path, env="base") as session:
            assert isinstance(session, KedroSession)
            yield session.load_context()


@pytest.fixture(scope="module")
def registered(context: KedroContext) -> dict[str, Pipeline]:
    return dict(pipelines)
