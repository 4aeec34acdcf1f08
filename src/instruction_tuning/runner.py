"""How nodes are run: one after the other, with ctrl-C treated as an end that hooks get to see."""

from typing import Any

from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner


class RunInterruptedError(Exception):
    """Somebody stopped the run with ctrl-C or SIGTERM."""


class InterruptibleRunner(SequentialRunner):
    """Kedro's sequential runner, but an interrupt ends the run as an error does.

    Kedro calls `on_pipeline_error` for `Exception` only, and `KeyboardInterrupt` is none: without this
    the tracking run would stay open for ever and the teacher's server would stay up.
    """

    def __repr__(self) -> str:
        # kedro-viz shows the state of the last run only when it finds these words in the runner's name.
        return f"<{type(self).__name__}, a kedro.runner.sequential_runner.SequentialRunner object>"

    def _run(
        self,
        pipeline: Pipeline,
        catalog: CatalogProtocol[Any, Any],
        hook_manager: Any = None,
        run_id: str | None = None,
    ) -> None:
        try:
            # Past SequentialRunner on purpose: all that it adds is a hint about --async.
            super(SequentialRunner, self)._run(pipeline, catalog, hook_manager, run_id)
        except KeyboardInterrupt as interrupt:
            raise RunInterruptedError("stopped by ctrl-C or SIGTERM") from interrupt
