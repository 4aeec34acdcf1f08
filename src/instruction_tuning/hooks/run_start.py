"""What happens before the first node of a run, in its order."""

import os
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
    the run; a killed process lets go of it, too. All that time the working directory is the project's folder,
    from which paths in `conf/` go: run from below it, half-done work and paid completions would not be found.
    """

    def __init__(self) -> None:
        self._held: IO[bytes] | None = None
        self._came_from: Path | None = None

    @hook_impl(tryfirst=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        self._let_go()
        project_path = Path(run_params["project_path"])
        try:
            self._came_from = Path.cwd()
            os.chdir(project_path)
            self._held = hold_for_a_run(project_path / "data")
            refuse_to_train_a_candidate(run_params, pipeline)
            make_plan(run_params, pipeline, catalog)
            check_before_run(run_params, pipeline, catalog)
        except BaseException:  # of which Kedro tells no hook
            self._let_go()
            raise

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
        if self._came_from is not None:
            os.chdir(self._came_from)
            self._came_from = None
