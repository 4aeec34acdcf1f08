"""A run with real hooks, a real catalog and Kedro's real runner, without a project around it."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from instruction_tuning.runner import InterruptibleRunner

SESSION = "2024-05-06T07.08.09.123Z"
Run = Callable[..., dict[str, Any]]


def run_pipeline(
    pipeline: Pipeline,
    catalog: DataCatalog,
    hooks: list[object],
    project_path: Path,
    config: dict[str, Any] | None = None,
    runner: InterruptibleRunner | None = None,
    **run_params: Any,
) -> dict[str, Any]:
    """What `KedroSession.run` does with hooks, in the same order; hooks find the run behind `runner`."""
    manager = _create_hook_manager()
    for hook in hooks:
        manager.register(hook)
    loader = {"mlflow": {}, "parameters": {}, **(config or {})}
    context = SimpleNamespace(config_loader=loader, project_path=project_path, env=None)
    manager.hook.after_context_created(context=context)
    params = {
        "run_id": SESSION,
        "project_path": project_path.as_posix(),
        "env": None,
        "pipeline_names": ["sft"],
        "namespaces": [],
        "runtime_params": {},
        **({} if runner is None else {"runner": str(runner)}),
        **run_params,
    }
    runner = runner or InterruptibleRunner()
    manager.hook.before_pipeline_run(run_params=params, pipeline=pipeline, catalog=catalog)
    try:
        result = runner.run(pipeline, catalog, manager, SESSION)
    except Exception as error:
        manager.hook.on_pipeline_error(error=error, run_params=params, pipeline=pipeline, catalog=catalog)
        raise
    manager.hook.after_pipeline_run(run_params=params, run_result=result, pipeline=pipeline, catalog=catalog)
    return result


@pytest.fixture(name="run_pipeline")
def run_pipeline_fixture() -> Run:
    return run_pipeline
