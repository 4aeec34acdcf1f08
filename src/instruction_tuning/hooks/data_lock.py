"""Nothing is deleted under a run: it holds the data lock from before its plan to its end."""

from pathlib import Path
from typing import IO, Any

from kedro.framework.hooks import hook_impl

from instruction_tuning.lineage.data_lock import hold_for_a_run


class DataLockHooks:
    """Holds the lock for the length of a run; a killed process lets go of it, too."""

    def __init__(self) -> None:
        self._held: IO[bytes] | None = None

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, run_params: dict[str, Any]) -> None:
        self._let_go()
        self._held = hold_for_a_run(Path(run_params["project_path"]) / "data")

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
