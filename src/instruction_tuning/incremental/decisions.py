"""Whether a node runs or its stored outputs are taken, decided with what is known at that moment."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kedro.io import CatalogProtocol, Version
from kedro.pipeline import Node, Pipeline

from instruction_tuning.incremental.contents import (
    content_digest,
    current_version,
    is_memory,
    is_versioned,
)
from instruction_tuning.incremental.file_digests import MISSING, combined
from instruction_tuning.incremental.node_key import Ingredients, IngredientsReader
from instruction_tuning.incremental.reasons import Redact, differences, shown
from instruction_tuning.incremental.records import Execution, ExecutionRecords, FailedRequests, StoredState
from instruction_tuning.text.counting import counted

# Its node runs, and says what cannot be read.
UNREADABLE = "unreadable"


class Action(StrEnum):
    """What happens to a node. WAIT: nothing of it is stored, so it runs when something asks for it."""

    RUN = "run"
    REUSE = "reuse"
    MAYBE = "maybe"
    WAIT = "wait"


@dataclass(frozen=True)
class Decision:
    """An action with its reason; `execution` is the earlier one that is taken or compared with.

    `change` says of a node that waits what has changed in it, if anything has.
    """

    action: Action
    reason: str
    execution: Execution | None = None
    key: str | None = None
    change: str = ""


class RunState:
    """What is known about each data set while a run goes on, and the decisions that follow."""

    def __init__(
        self,
        pipeline: Pipeline,
        catalog: CatalogProtocol[Any, Any],
        reader: IngredientsReader,
        records: ExecutionRecords,
        redact: Redact,
        *,
        force: bool,
        session: str,
        read_elsewhere: Collection[str] = (),
    ) -> None:
        self.pipeline, self.catalog, self.records = pipeline, catalog, records
        self._reader, self._redact, self._force, self._session = reader, redact, force, session
        self._read_elsewhere = frozenset(read_elsewhere)
        self.producer = {_base(name): node for node in pipeline.nodes for name in node.outputs}
        self.consumers: dict[str, list[Node]] = {}
        for node in pipeline.nodes:
            for name in node.inputs:
                self.consumers.setdefault(_base(name), []).append(node)
        self.settled: set[str] = set()
        self._digests: dict[str, str | None] = {}
        self._keys: dict[str, str | None] = {}
        self._failed: dict[str, FailedRequests | None] = {}
        datasets = {name: catalog.get(name, fallback_to_runtime_pattern=True) for name in pipeline.datasets()}
        self._versions = {name: getattr(dataset, "_version", None) for name, dataset in datasets.items()}
        # Asked once: a hook may put a started server in the place of an address.
        self._memory = {name for name, dataset in datasets.items() if is_memory(dataset)}

    def decide(self, node: Node) -> Decision:
        """What to do with `node`, now."""
        now = self.ingredients(node)
        newest = self.records.newest(node.name) if self._force or now.key is None else None
        stored = [name for name in node.outputs if not self.is_memory(name)]
        if self._force:
            return Decision(Action.RUN, "forced", newest, now.key)
        if stored and all(self.is_pinned(name) for name in stored):
            return Decision(Action.REUSE, "pinned by --load-versions", None, now.key)
        if not node.outputs:
            return Decision(Action.RUN, "it has no outputs, so its effect lies elsewhere", newest, now.key)
        if not stored:
            known = now.key is None or self.records.find(node.name, now.key) is not None
            change = self._to_retry(node) if known else self._why(node, now)[0]
            return Decision(Action.WAIT, "nothing asks for its outputs", newest, now.key, change)
        reason = self._unknowable(node, now)
        if reason is not None:
            return Decision(Action.RUN, reason, newest, None)
        if now.key is None:
            return self._not_yet(node, now, newest)
        found = self.records.find(node.name, now.key)
        if found is None:
            return Decision(Action.RUN, *self._why(node, now), key=now.key)
        fault = self._fault(found, stored)
        if fault is not None:
            return Decision(Action.RUN, fault, found, now.key)
        retried = self._to_retry(node) or self._feeders_to_retry(node)
        if retried:
            return Decision(Action.RUN, retried, found, now.key)
        failed = found.failed_requests
        left = "" if failed is None else f"; {counted(failed.count, 'request')} failed twice"
        return Decision(Action.REUSE, f"unchanged since {found.finished_at[:19]}{left}", found, now.key)

    def ingredients(self, node: Node) -> Ingredients:
        """What `node` works with; its key is remembered for the outputs that only live in memory."""
        now = self._reader.read(node, self.digest)
        key = now.key
        if key is None and self._unknowable(node, now) is not None:
            # Different in every run, so that whatever depends on it runs too.
            key = combined([self._session, node.name])
        self._keys[node.name] = key
        return now

    def digest(self, name: str) -> str | None:
        """Content of a data set as the next node would find it; null while its producer is undecided."""
        base = _base(name)
        producer = self.producer.get(base)
        if producer is not None and self.is_memory(name):
            if producer.name not in self._keys:
                self.ingredients(producer)
            key = self._keys[producer.name]
            # What failed is not in it, and may be the next time.
            failed = self._failed_requests(producer)
            lacking = [] if failed is None else [failed.digest]
            return None if key is None else combined(["memory", key, base, *lacking])
        if producer is not None and producer.name not in self.settled and not self.is_pinned(name):
            return None
        if name not in self._digests:
            try:
                self._digests[name] = content_digest(self.catalog[name], self._reader.cache)
            except OSError:
                self._digests[name] = UNREADABLE
        return self._digests[name]

    def state(self, name: str) -> StoredState:
        """As `digest`, with the version, for a record."""
        memory = self.is_memory(name)
        version = None if memory else current_version(self.catalog[name])
        return StoredState(self.digest(name) or "unknown", version, stored=not memory)

    def take(self, node: Node, decision: Decision) -> None:
        """`node` is not run: whoever reads its outputs gets the recorded versions."""
        for name in node.outputs:
            if decision.execution is not None and not self.is_memory(name) and not self.is_pinned(name):
                self._pin(name, decision.execution.outputs[name].version)
            self._digests.pop(name, None)
        self.settled.add(node.name)

    def release(self, node: Node) -> None:
        """`node` is about to run: its outputs are saved as, and read from, this run's version."""
        for name in node.outputs:
            if not self.is_memory(name) and not self.is_pinned(name):
                original = self._versions.get(name)
                if isinstance(original, Version):
                    self.catalog[name]._version = original
                self._digests.pop(name, None)

    def ran(self, node: Node, failed: FailedRequests | None = None) -> None:
        """`node` has run, and these requests `failed`: its outputs are read as this run saved them, whatever
        their names sort after.
        """
        self._failed[node.name] = failed
        for name in node.outputs:
            if not self.is_memory(name) and not self.is_pinned(name) and is_versioned(self.catalog[name]):
                self._pin(name, self.catalog[name].resolve_save_version())
            self._digests.pop(name, None)
        self.settled.add(node.name)

    def reopen(self, node: Node) -> None:
        """Decide on `node` again."""
        self.settled.discard(node.name)
        for name in node.outputs:
            self._digests.pop(name, None)

    def reset(self) -> None:
        """Take back what planning has pinned and assumed."""
        for name, version in self._versions.items():
            if isinstance(version, Version):
                self.catalog[name]._version = version
        self.settled.clear()
        self._digests.clear()
        self._keys.clear()
        self._failed.clear()

    def is_memory(self, name: str) -> bool:
        """Whether a data set is gone after the run."""
        return name in self._memory

    def is_pinned(self, name: str) -> bool:
        """Whether the user asked for a version of it."""
        version = self._versions.get(name)
        return isinstance(version, Version) and version.load is not None

    def unconsumed(self, node: Node) -> list[str]:
        """Outputs in memory that no node ever reads: they go back to whoever started the run.

        What is read by nodes beyond the part of the chain that is run is only on its way to those.
        """
        unread = [name for name in node.outputs if not self.consumers.get(_base(name))]
        return [name for name in unread if self.is_memory(name) and _base(name) not in self._read_elsewhere]

    def feeders(self, node: Node) -> list[Node]:
        """The nodes whose outputs `node` can only get from memory."""
        found = {}
        for name in node.inputs:
            producer = self.producer.get(_base(name))
            if producer is not None and self.is_memory(name):
                found[producer.name] = producer
        return list(found.values())

    def _failed_requests(self, node: Node) -> FailedRequests | None:
        """What failed when `node` ran last with all that it works with now, in this run or before."""
        if node.name in self._failed:
            return self._failed[node.name]
        key = self._keys.get(node.name)
        execution = None if key is None else self.records.find(node.name, key)
        return None if execution is None else execution.failed_requests

    def _to_retry(self, node: Node) -> str:
        """Why `node` sends some requests once more; empty where it does not."""
        failed = self._failed_requests(node)
        if failed is None or failed.again:
            return ""
        return f"{counted(failed.count, 'request')} failed last time"

    def _feeders_to_retry(self, node: Node) -> str:
        """As `_to_retry`, of the nodes that run only when `node` asks them for what is in memory."""
        for feeder in self.feeders(node):
            if all(self.is_memory(name) for name in feeder.outputs):
                own = self._to_retry(feeder)
                reason = f"{own} in {feeder.name}" if own else self._feeders_to_retry(feeder)
                if reason:
                    return reason
        return ""

    def _pin(self, name: str, version: str | None) -> None:
        dataset = self.catalog[name]
        if version is not None and is_versioned(dataset):
            original = self._versions.get(name)
            dataset._version = Version(version, original.save if original else None)

    def _unknowable(self, node: Node, now: Ingredients) -> str | None:
        if now.unknowable is not None:
            return now.unknowable
        for name, digest in now.inputs.items():
            producer = self.producer.get(_base(name))
            known_by_now = producer is None or producer.name in self.settled
            if digest is None and known_by_now and not (producer is not None and self.is_memory(name)):
                return f"what {name} holds cannot be known without reading it"
        return None

    def _not_yet(self, node: Node, now: Ingredients, newest: Execution | None) -> Decision:
        """An input is still to be made: run for certain when anything else has changed already."""
        waiting = sorted(name for name, digest in now.inputs.items() if digest is None)
        if newest is None:
            return Decision(Action.RUN, "never ran")
        changes = differences(now, newest, self._redact)
        if changes:
            return Decision(Action.RUN, shown(changes), newest)
        return Decision(Action.MAYBE, f"if {', '.join(waiting[:2])} will differ", newest)

    def _why(self, node: Node, now: Ingredients) -> tuple[str, Execution | None]:
        newest = self.records.newest(node.name)
        if newest is None:
            return "never ran", None
        return shown(differences(now, newest, self._redact)) or "its record differs", newest

    def _fault(self, found: Execution, stored: list[str]) -> str | None:
        """Why an earlier execution's outputs cannot be taken."""
        for name in stored:
            state = found.outputs.get(name)
            if state is None:
                return f"output {name} was not recorded"
            if self.is_pinned(name):
                continue
            dataset = self.catalog[name]
            try:
                digest = content_digest(dataset, self._reader.cache, state.version)
            except OSError:
                digest = MISSING
            if digest is None:
                return f"whether output {name} is still the same cannot be known"
            if digest == MISSING:
                return f"output {name} is missing"
            if digest != state.digest:
                return f"output {name} was changed since"
        return None


def _base(name: str) -> str:
    """`frame@pandas` and `frame@spark` are one data set."""
    return name.partition("@")[0]
