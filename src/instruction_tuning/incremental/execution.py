"""The run itself: one node after the other, each decided on when its turn comes.

By then everything before it is done. When an earlier node ran again and made the same content, what follows
is not run. What only lives in memory is made when a node that runs asks for it, and not otherwise.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from kedro.pipeline import Node

from instruction_tuning.incremental.decisions import Action, Decision, RunState
from instruction_tuning.incremental.file_digests import combined
from instruction_tuning.incremental.node_key import Ingredients, is_parameter
from instruction_tuning.incremental.reasons import Redact, bound_digest, flat_parameters
from instruction_tuning.incremental.records import Execution, FailedRequests, StoredState
from instruction_tuning.lm.failed_requests import take_failed
from instruction_tuning.prompts.read_prompts import take_read
from instruction_tuning.text.counting import counted

logger = logging.getLogger(__name__)


class IncrementalExecution:
    """Runs what has to run; `execute` runs one node through kedro, `decided` hears of every decision."""

    def __init__(
        self,
        state: RunState,
        execute: Callable[[Node], None],
        decided: Callable[[Node, Decision], None],
        unfinished: Callable[[Node], str | None],
        redact: Redact,
        session: str,
    ) -> None:
        self._state, self._execute, self._decided = state, execute, decided
        self._unfinished, self._redact, self._session = unfinished, redact, session
        self._done: set[str] = set()  # decided, for as long as nothing before them changes
        self._ran: set[str] = set()

    def run(self) -> None:
        """Go through the pipeline until every node is decided on."""
        nodes = self._state.pipeline.nodes
        while waiting := [node for node in nodes if node.name not in self._done]:
            self._settle(waiting[0])
            self._release_memory()
        for node in nodes:
            if node.name not in self._ran and not self._stored(node):
                self._decided(node, Decision(Action.REUSE, "nothing asks for its outputs"))

    def _settle(self, node: Node) -> None:
        decision = self._state.decide(node)
        wanted = self._state.unconsumed(node)
        if decision.action is Action.RUN:
            self._run(node, decision)
        elif wanted:
            reason = f"{wanted[0]} is asked for and kept in memory only"
            self._run(node, Decision(Action.RUN, reason, decision.execution, decision.key))
        elif decision.action is Action.WAIT:
            self._done.add(node.name)
        else:
            self._state.take(node, decision)
            self._done.add(node.name)
            self._decided(node, decision)

    def _run(self, node: Node, decision: Decision) -> None:
        for feeder in self._state.feeders(node):
            if not self._is_at_hand(feeder, node):
                earlier = self._state.decide(feeder)
                reason = earlier.change or f"{node.name} asks for what it keeps in memory only"
                self._run(feeder, Decision(Action.RUN, reason, earlier.execution, earlier.key))
        self._decided(node, decision)
        state = self._state
        was_taken = node.name in self._done and node.name not in self._ran
        before = {name: state.digest(name) for name in self._stored(node)} if was_taken else {}
        ingredients = state.ingredients(node)
        inputs = {name: state.state(name) for name in node.inputs if not is_parameter(name)}
        state.release(node)
        # Whatever a node left that did not come to its end, and hooks before it.
        take_failed(), take_read()
        started = time.perf_counter()
        self._execute(node)
        seconds = time.perf_counter() - started
        self._done.add(node.name)
        self._ran.add(node.name)
        failed = None if ingredients.key is None else self._failed_requests(node, ingredients.key)
        state.ran(node, failed)
        self._record(node, ingredients, inputs, seconds, failed)
        for name, digest in before.items():
            if state.digest(name) != digest:
                self._reopen_consumers(name)

    def _record(
        self,
        node: Node,
        used: Ingredients,
        inputs: dict[str, StoredState],
        seconds: float,
        failed: FailedRequests | None,
    ) -> None:
        """Keep what was done, unless it can never be told again or something beside it failed."""
        loose_end = self._unfinished(node)
        if used.key is None:
            return
        if loose_end is not None:
            self._state.records.remove(node.name, used.key)
            logger.warning("%s will run again next time: %s", node.name, loose_end)
            return
        prompts = take_read()
        for prompt in prompts:
            self._state.records.keep_prompt(prompt)
        self._state.records.write(
            Execution(
                node=node.name,
                key=used.key,
                finished_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
                seconds=round(seconds, 3),
                session=self._session,
                inputs=inputs,
                outputs={name: self._state.state(name) for name in node.outputs},
                parameters=flat_parameters(used.parameters, self._redact),
                code=used.code,
                versions=used.versions,
                files=used.files,
                entries=used.entries,
                wiring=used.wiring,
                bound=bound_digest(used),
                failed_requests=failed,
                prompts={prompt.name: prompt.digest for prompt in prompts},
            )
        )

    def _failed_requests(self, node: Node, key: str) -> FailedRequests | None:
        """What failed of the requests that `node` has just sent.

        The next run sends them once more, for whatever ailed the server. Where the same ones fail again, that
        is the end of it: a prompt that is refused for what it says would have its node run for ever.
        """
        failed = take_failed()
        if not failed:
            return None
        digest, earlier = combined(sorted(failed)), self._state.records.find(node.name, key)
        before = None if earlier is None else earlier.failed_requests
        again = before is not None and before.digest == digest
        outlook = (
            f" again, as in the run before: no more is tried without `kedro run --force --nodes={node.name}`"
            if again
            else "; the next run tries once more"
        )
        logger.warning("%s: %s failed%s", node.name, counted(len(failed), "request"), outlook)
        return FailedRequests(len(failed), digest, again)

    def _reopen_consumers(self, name: str) -> None:
        """What was taken as unchanged came out differently: whoever was decided with it is decided anew."""
        for consumer in self._state.consumers.get(name.partition("@")[0], []):
            if consumer.name in self._ran:
                # One run saves one version of a data set.
                logger.warning("%s came out differently after %s had read it: run again", name, consumer.name)
            elif consumer.name in self._done:
                self._done.discard(consumer.name)
                self._state.reopen(consumer)
                for output in consumer.outputs:
                    self._reopen_consumers(output)

    def _is_at_hand(self, feeder: Node, node: Node) -> bool:
        if feeder.name not in self._ran:
            return False
        names = [name for name in node.inputs if name in feeder.outputs and self._state.is_memory(name)]
        return all(self._state.catalog[name].exists() for name in names)

    def _release_memory(self) -> None:
        """Free what no undecided node may still ask for."""
        if any(node.name not in self._done for node in self._state.pipeline.nodes):
            for name, consumers in self._state.consumers.items():
                producer = self._state.producer.get(name)
                if producer is None or producer.name not in self._ran:
                    continue
                # A node with stored outputs cannot be run a second time to get the others back: they wait for
                # consumers that may yet be found to have changed.
                asks = self._has_not_run if self._stored(producer) else self._may_ask
                if not any(asks(consumer) for consumer in consumers):
                    self._state.catalog.release(name)

    def _has_not_run(self, consumer: Node) -> bool:
        """A node that only memory keeps may run again, for readers that have not run."""
        if consumer.name not in self._ran:
            return True
        if self._stored(consumer):
            return False
        readers = (one for name in consumer.outputs for one in self._state.consumers.get(name, []))
        return any(self._has_not_run(reader) for reader in readers)

    def _may_ask(self, consumer: Node) -> bool:
        """A node that has run asks no more; one that waits for others may."""
        if consumer.name in self._ran:
            return False
        if consumer.name not in self._done:
            return True
        if self._stored(consumer):
            return False
        return any(
            self._may_ask(next_one)
            for output in consumer.outputs
            for next_one in self._state.consumers.get(output, [])
        )

    def _stored(self, node: Node) -> list[str]:
        return [name for name in node.outputs if not self._state.is_memory(name)]
