"""How nodes are run: one after the other, those alone that have to, and ctrl-C is an end that hooks see."""

import ctypes
import sys
from collections.abc import Iterable
from typing import Any

from kedro.io import CatalogProtocol
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner, Task
from kedro.validation.exceptions import DataValidationError

from instruction_tuning.incremental.live import IncrementalRun, RunnerName


class RunInterruptedError(Exception):
    """Somebody stopped the run with ctrl-C or SIGTERM."""


class InterruptibleRunner(SequentialRunner):
    """Kedro's sequential runner, but it runs only what has changed, and an interrupt is an error.

    Kedro calls `on_pipeline_error` for `Exception` only, and `KeyboardInterrupt` is none: without this
    the tracking run would stay open for ever and the teacher's server would stay up.
    """

    def __init__(self, is_async: bool = False, force: bool = False, dry_run: bool = False) -> None:
        super().__init__(is_async=is_async)
        self.incremental = IncrementalRun(force=force, dry_run=dry_run)

    def __repr__(self) -> str:
        # kedro-viz shows the state of the last run only when it finds these words in the runner's name.
        kind = "kedro.runner.sequential_runner.SequentialRunner"
        return f"<{type(self).__name__}, a {kind} object at {id(self):#x}>"

    def __str__(self) -> str:
        return RunnerName(repr(self), self.incremental)

    def _suggest_resume_scenario(
        self, pipeline: Pipeline, done_nodes: Iterable[Node], catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Nothing: Kedro advises `--from-nodes`, and here the same command goes on where it stopped."""

    def _run(
        self,
        pipeline: Pipeline,
        catalog: CatalogProtocol[Any, Any],
        hook_manager: Any = None,
        run_id: str | None = None,
    ) -> None:
        def execute(node: Node) -> None:
            give_back_freed_memory()
            Task(node, catalog, self._is_async, hook_manager, run_id).execute()

        try:
            if self.incremental.dry_run:
                return
            if self.incremental.is_open:
                self.incremental.execute(pipeline, catalog, run_id or "", execute)
            else:
                # Past SequentialRunner on purpose: all that it adds is a hint about --async.
                super(SequentialRunner, self)._run(pipeline, catalog, hook_manager, run_id)
        except KeyboardInterrupt as interrupt:
            raise RunInterruptedError("stopped by ctrl-C or SIGTERM") from interrupt
        except DataValidationError as error:
            from instruction_tuning.hooks.stored_faults import stored_fault

            raise stored_fault(error, catalog) or error from error


def give_back_freed_memory() -> None:
    """Return to the system what earlier nodes have freed, so that the peak of a run is that of one node.

    Arrow's pool and glibc's heap keep freed pages for later; other systems' allocators need not be told.
    """
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
