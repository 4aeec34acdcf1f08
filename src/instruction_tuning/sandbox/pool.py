"""Many programs, several at a time, the outcomes in the order of the programs."""

import logging
import queue
import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from instruction_tuning.sandbox.barriers import (
    NOTHING_FOUND,
    Barriers,
    as_barriers,
    refuse_missing,
    refuse_processes,
)
from instruction_tuning.sandbox.limits import Limits
from instruction_tuning.sandbox.outcome import Outcome
from instruction_tuning.sandbox.program import Program
from instruction_tuning.sandbox.worker import Worker

logger = logging.getLogger(__name__)


class Sandbox:
    """Workers that are kept between programs; use it in a `with` statement. Logs which barriers hold.

    Raises ConfigurationError at once where required barriers do not hold, unless `allow_missing_barriers`;
    on another system than Linux always.
    `without` leaves out mechanisms (namespaces, landlock, seccomp, privileges), to see what the others hold.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        workers: int = 1,
        allow_missing_barriers: bool = False,
        without: frozenset[str] = frozenset(),
    ) -> None:
        self.limits = limits or Limits()
        self._without = without
        if sys.platform != "linux":  # none of this has a counterpart, and the limits alone are no sandbox
            refuse_missing(as_barriers(NOTHING_FOUND), allow_missing_barriers=False)
        self._workers = [Worker(without)]
        self.barriers: Barriers = as_barriers(self._workers[0].found)
        logger.log(
            logging.WARNING if self.barriers.missing else logging.INFO,
            "sandbox: %s",
            self.barriers.in_one_line(),
        )
        try:
            refuse_missing(self.barriers, allow_missing_barriers=allow_missing_barriers)
            refuse_processes(self.barriers, self.limits.processes)
            while len(self._workers) < workers:
                self._workers.append(Worker(without))
        except BaseException:
            self.close()
            raise

    def run(self, program: Program) -> Outcome:
        """The outcome of one program."""
        return self.run_all([program])[0]

    def run_all(self, programs: Sequence[Program]) -> list[Outcome]:
        """One outcome a program, in their order. WorkspaceError where a warden fails."""
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        for index in range(len(programs)):
            waiting.put(index)
        outcomes: dict[int, Outcome] = {}
        faults: list[BaseException] = []

        def work(worker: Worker) -> None:
            try:
                while not faults:
                    index = waiting.get_nowait()
                    program = programs[index]
                    outcomes[index] = worker.run(program, self.limits)
            except queue.Empty:
                return
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=work, args=(worker,), daemon=True) for worker in self._workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise faults[0]
        return [outcomes[index] for index in range(len(programs))]

    def close(self) -> None:
        """End the workers and all that they run."""
        for worker in self._workers:
            worker.close()
        self._workers = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def barriers() -> Barriers:
    """Which barriers hold here, found by trying; about a tenth of a second."""
    if sys.platform != "linux":
        return as_barriers(NOTHING_FOUND)
    worker = Worker()
    try:
        return as_barriers(worker.found)
    finally:
        worker.close()


def run_programs(
    programs: Sequence[Program],
    *,
    limits: Limits | None = None,
    workers: int = 1,
    allow_missing_barriers: bool = False,
) -> list[Outcome]:
    """One outcome a program, in their order. ConfigurationError where required barriers do not hold."""
    with Sandbox(limits=limits, workers=workers, allow_missing_barriers=allow_missing_barriers) as sandbox:
        return sandbox.run_all(programs)


def run_program(
    source: str,
    *,
    tests: str | None = None,
    limits: Limits | None = None,
    allow_missing_barriers: bool = False,
) -> Outcome:
    """The outcome of one program. ConfigurationError where required barriers do not hold."""
    program = Program(source, tests)
    return run_programs([program], limits=limits, allow_missing_barriers=allow_missing_barriers)[0]
