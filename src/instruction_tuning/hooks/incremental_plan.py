"""What is stored is looked at before anything starts: other hooks prepare only what will be needed."""

import logging
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from instruction_tuning.hooks.answer_source import TEACHER_DATASET, built_in_endpoints
from instruction_tuning.hooks.redaction import redact
from instruction_tuning.incremental.live import run_of

logger = logging.getLogger(__name__)

# The room whose code answers in the name of a data set, in a process of its own.
TEACHER_ROOM = "instruction_tuning.microworld"
TEACHER_MODULE = f"{TEACHER_ROOM}.teacher_server"


class IncrementalPlanHooks:
    """Opens the runner's `IncrementalRun`; another runner of kedro's has none and runs every node."""

    # The last of those that ask to be first is called first.
    @hook_impl(tryfirst=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        run = run_of(run_params)
        if run is None:
            logger.info("this runner does not look at what is stored: all %d nodes run", len(pipeline.nodes))
            return
        run.open(
            Path(run_params["project_path"]),
            pipeline,
            catalog,
            session=run_params["run_id"],
            redact=redact,
            served_by=served_by(catalog),
        )


def served_by(catalog: CatalogProtocol[Any, Any]) -> dict[str, tuple[str, ...]]:
    """The built-in teacher is code of this project; a user's endpoint is known by address and model."""
    if TEACHER_DATASET not in catalog:
        return {}
    endpoint = getattr(catalog.get(TEACHER_DATASET), "endpoint", None)
    if endpoint is None or not built_in_endpoints(endpoint):
        return {}
    return {TEACHER_DATASET: (TEACHER_MODULE,)}


def nodes_that_may_run(run_params: dict[str, Any], pipeline: Pipeline) -> Pipeline:
    """`pipeline` without the nodes whose stored outputs are sure to be taken."""
    run = run_of(run_params)
    if run is None or run.plan is None:
        return pipeline
    if run.dry_run:
        return Pipeline([])
    may_run = run.plan.may_run()
    return Pipeline([node for node in pipeline.nodes if node.name in may_run])
