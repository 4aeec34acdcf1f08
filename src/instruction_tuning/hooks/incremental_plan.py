"""What is stored is looked at before anything starts: other hooks prepare only what will be needed."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.framework.project import pipelines as registered_pipelines
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.hooks.answer_source import TEACHER, built_in_endpoints
from instruction_tuning.hooks.redaction import redact
from instruction_tuning.incremental.contents import stored_versions
from instruction_tuning.incremental.live import run_of
from instruction_tuning.runner import InterruptibleRunner

logger = logging.getLogger(__name__)

# The room whose code answers in the name of a parameter, in a process of its own.
TEACHER_ROOM = "instruction_tuning.microworld"
TEACHER_MODULE = f"{TEACHER_ROOM}.teacher_server"


def make_plan(run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
    """Open the runner's `IncrementalRun`; another runner of kedro's has none and runs every node."""
    check_pinned(run_params.get("load_versions") or {}, catalog)
    run = run_of(run_params)
    if run is None:
        # The project's own runner has one: that it is not found is a defect, and costs a whole run.
        is_own = InterruptibleRunner.__name__ in str(run_params.get("runner"))
        logger.log(
            logging.WARNING if is_own else logging.INFO,
            "this runner does not look at what is stored: all %d nodes run",
            len(pipeline.nodes),
        )
        return
    run.open(
        Path(run_params["project_path"]),
        pipeline,
        catalog,
        session=run_params["run_id"],
        redact=redact,
        served_by=served_by(pipeline, catalog),
        read_elsewhere=read_by_any_node() - {*(run_params.get("to_outputs") or ())},
    )


def check_pinned(load_versions: Mapping[str, str], catalog: CatalogProtocol[Any, Any]) -> None:
    """Raise unless every version that the user asks for is there."""
    for name, version in load_versions.items():
        known = stored_versions(catalog.get(name))
        if version not in known:
            raise ConfigurationError(
                f"there is no version {version} of `{name}`",
                field="load-versions",
                fix=f"name one of {', '.join(known)}" if known else f"leave it out: `{name}` has no versions",
            )


def read_by_any_node() -> set[str]:
    """Names of all data sets that a node of a registered pipeline reads."""
    nodes = [node for pipeline in registered_pipelines.values() for node in pipeline.nodes]
    return {name.partition("@")[0] for node in nodes for name in node.inputs}


def served_by(pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> dict[str, tuple[str, ...]]:
    """The built-in teacher is code of this project; a user's endpoint is known by address and model."""
    # Kedro types only the parameters that the run's own nodes read.
    is_read = any(TEACHER in node.inputs for node in pipeline.nodes)
    return {TEACHER: (TEACHER_MODULE,)} if is_read and built_in_endpoints(catalog.load(TEACHER)) else {}


def nodes_that_may_run(run_params: dict[str, Any], pipeline: Pipeline) -> Pipeline:
    """`pipeline` without the nodes whose stored outputs are sure to be taken."""
    run = run_of(run_params)
    if run is None or run.plan is None:
        return pipeline
    if run.dry_run:
        return Pipeline([])
    may_run = run.plan.may_run()
    return Pipeline([node for node in pipeline.nodes if node.name in may_run])
