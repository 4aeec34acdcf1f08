"""The run that is going on, as runner, hooks and command line share it.

Kedro hands a hook neither the runner nor a place for notes, but it hands it the runner's name, `str(runner)`:
the project's runner has a name that knows its run.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from kedro.io import CatalogProtocol
from kedro.pipeline import Node, Pipeline

from instruction_tuning.incremental import local_packages
from instruction_tuning.incremental.decisions import Action, Decision, RunState
from instruction_tuning.incremental.execution import IncrementalExecution
from instruction_tuning.incremental.file_digests import DigestCache
from instruction_tuning.incremental.node_key import WORK_FOLDER, IngredientsReader
from instruction_tuning.incremental.plan import Plan, plan_run
from instruction_tuning.incremental.reasons import Redact
from instruction_tuning.incremental.records import ExecutionRecords

logger = logging.getLogger(__name__)

CACHE_FILE = "digests.sqlite"

_NEWEST: list["IncrementalRun"] = []


class IncrementalRun:
    """Settings, plan, decisions and loose ends of one run."""

    def __init__(self, *, force: bool, dry_run: bool) -> None:
        self.force, self.dry_run = force, dry_run
        self.plan: Plan | None = None
        self.decisions: dict[str, Decision] = {}
        self.last_words: list[str] = []  # what a hook has to say when all is done, below the run's report
        self.failure: Exception | None = None  # to be raised when all is done and said
        self._unfinished: dict[str, str] = {}
        self._reader: IngredientsReader | None = None
        self._records: ExecutionRecords | None = None
        self._redact: Redact = lambda _name, text: text
        self._stored_outputs: dict[str, Any] = {}
        self._read_elsewhere: Collection[str] = ()
        _NEWEST[:] = [self]

    def open(
        self,
        project: Path,
        pipeline: Pipeline,
        catalog: CatalogProtocol[Any, Any],
        *,
        session: str,
        redact: Redact,
        served_by: Mapping[str, tuple[str, ...]],
        read_elsewhere: Collection[str] = (),
    ) -> None:
        """Look at what is there and make the plan; without it the runner runs everything.

        `read_elsewhere`: data sets that nodes beyond `pipeline` read, so that nobody asks for them here.
        """
        if any(name not in catalog for name in pipeline.inputs()):
            return  # kedro, or a check of the project's, says which
        known = pipeline.all_outputs() & set(catalog)
        self._stored_outputs = {name: catalog[name] for name in sorted(known)}
        local_packages.forget()
        cache = DigestCache(project.joinpath(*WORK_FOLDER, CACHE_FILE), project)
        self._reader = IngredientsReader(project, catalog, cache, served_by)
        self._records = ExecutionRecords(project / "data")
        self._redact = redact
        self._read_elsewhere = read_elsewhere
        self.plan = plan_run(self._state(pipeline, catalog, session))
        cache.save()

    @property
    def is_open(self) -> bool:
        """Whether there is a plan to go by."""
        return self.plan is not None

    def execute(
        self,
        pipeline: Pipeline,
        catalog: CatalogProtocol[Any, Any],
        session: str,
        execute_node: Callable[[Node], None],
    ) -> None:
        """Run what has to run."""
        state = self._state(pipeline, catalog, session)
        assert self._reader is not None
        try:
            IncrementalExecution(
                state, execute_node, self._decided, self._loose_end, self._redact, session
            ).run()
        except Exception:
            if sum(decision.action is Action.RUN for decision in self.decisions.values()) > 1:
                logger.warning("the nodes that had finished are not run again by the next run")
            raise
        finally:
            self._reader.cache.save()
        ran = sum(decision.action is Action.RUN for decision in self.decisions.values())
        logger.info("%d nodes ran, %d were reused", ran, len(self.decisions) - ran)

    def leave_unfinished(self, dataset: str, reason: str) -> None:
        """`dataset` is stored, but something beside it failed: its node shall run again next time."""
        self._unfinished[dataset] = reason

    def is_reused(self, node: str) -> bool:
        """Whether the stored outputs of `node` were taken."""
        decision = self.decisions.get(node)
        return decision is not None and decision.action is Action.REUSE

    def reused_versions(self) -> dict[str, dict[str, str]]:
        """Node to data set to version, for the nodes whose stored outputs were taken."""
        return {
            node: {name: state.version or state.digest for name, state in execution.outputs.items()}
            for node, decision in self.decisions.items()
            if decision.action is Action.REUSE and (execution := decision.execution) is not None
        }

    def prompts(self) -> dict[tuple[str, str], Path]:
        """The texts of the prompts behind what its nodes have made, now or before, by name and digest."""
        found: dict[tuple[str, str], Path] = {}
        if self._records is None:
            return found
        for node, decision in self.decisions.items():
            taken = decision.execution if decision.action is Action.REUSE else None
            execution = taken or self._records.newest(node)
            for name, digest in ((execution.prompts if execution else None) or {}).items():
                found[name, digest] = self._records.prompt_file(name, digest)
        return {key: file for key, file in sorted(found.items()) if file.is_file()}

    def stored_outputs(self) -> dict[str, Any]:
        """What the nodes of the run make, those between two nodes too: data set by name in the catalog."""
        return self._stored_outputs

    def _state(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any], session: str) -> RunState:
        assert self._reader is not None and self._records is not None
        return RunState(
            pipeline,
            catalog,
            self._reader,
            self._records,
            self._redact,
            force=self.force,
            session=session,
            read_elsewhere=self._read_elsewhere,
        )

    def _decided(self, node: Node, decision: Decision) -> None:
        self.decisions[node.name] = decision
        logger.info("%-5s %s: %s", decision.action, node.name, decision.reason)

    def _loose_end(self, node: Node) -> str | None:
        return next((self._unfinished[name] for name in node.outputs if name in self._unfinished), None)


class RunnerName(str):
    """What a runner is called, with the run that it is about to do."""

    def __new__(cls, text: str, run: IncrementalRun) -> "RunnerName":
        name = super().__new__(cls, text)
        name.run = run
        return name

    run: IncrementalRun


def run_of(run_params: Mapping[str, Any]) -> IncrementalRun | None:
    """The run behind the `run_params` that kedro hands to hooks; null when its runner runs everything."""
    name = run_params.get("runner")
    return name.run if isinstance(name, RunnerName) else None


def newest_run() -> IncrementalRun | None:
    """The run that was begun last in this process: for a command line, which never sees its runner."""
    return _NEWEST[0] if _NEWEST else None
