"""What happens before the first node of a run, in its order."""

from pathlib import Path
from typing import IO, Any

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from instruction_tuning.hooks.candidate import refuse_to_train_a_candidate
from instruction_tuning.hooks.incremental_plan import make_plan
from instruction_tuning.hooks.preflight import check_before_run
from instruction_tuning.lineage.data_lock import hold_for_a_run


class RunStartHooks:
    """Lock, candidate, plan, checks: one hook, for pluggy calls several the last listed first.

    The data lock is held from before the plan, so that nothing is deleted that it counts on, to the end of
    the run; a killed process lets go of it, too.
    """

    def __init__(self) -> None:
        self._held: IO[bytes] | None = None

    @hook_impl(tryfirst=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        self._let_go()
        self._held = hold_for_a_run(Path(run_params["project_path"]) / "data")
        refuse_to_train_a_candidate(run_params, pipeline)
        make_plan(run_params, pipeline, catalog)
        check_before_run(run_params, pipeline, catalog)

    @hook_impl
    def after_pipeline_run(self) -> None:
        self._let_go()

    @hook_impl
    def on_pipeline_error(self) -> None:
        self._let_go()

    def _let_go(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None
