"""Which versions of the data belong together, followed along the records of what nodes read and wrote.

Two states of a data set are the same when their versions are, or, since one content can be stored twice,
when their digests are (an MLflow tag holds the first 16 digits of a file's). Where several executions made
one content, the one that made the very version comes first, then those before the model, the newest first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from instruction_tuning.incremental.records import Execution, StoredState
from instruction_tuning.lineage.store import DataStore

_MIN_DIGITS = 16


def same(one: StoredState, other: StoredState) -> bool:
    """Whether both are the same content of a data set."""
    if one.version is not None and one.version == other.version:
        return True
    short, long = sorted((one.digest, other.digest), key=len)
    return len(short) >= _MIN_DIGITS and long.startswith(short)


@dataclass
class Chain:
    """One version of each data set, all made from one another, and the executions that made them.

    `by_time` names those that no record ties to the others: they carry the same time, so one run saved them.
    `until` is when what is asked about was made (UTC, ISO 8601); null for now.
    """

    states: dict[str, StoredState]
    until: str | None = None
    executions: list[Execution] = field(default_factory=list)
    by_time: set[str] = field(default_factory=set)

    def version(self, name: str) -> str | None:
        """The version of `name` in this chain."""
        state = self.states.get(name)
        return state.version if state is not None else None

    def fits(self, execution: Execution) -> bool:
        """Whether `execution` read and wrote nothing that differs from the chain."""
        return all(
            same(self.states[name], state)
            for side in (execution.inputs, execution.outputs)
            for name, state in side.items()
            if name in self.states
        )

    def likeliest(self, executions: list[Execution], side: Literal["inputs", "outputs"]) -> Execution | None:
        """Of `executions`, the newest first, the one that read or wrote most surely what is in the chain."""

        def doubts(execution: Execution) -> tuple[bool, bool]:
            states: dict[str, StoredState] = getattr(execution, side)
            exact = (state.version == self.version(name) for name, state in states.items() if state.version)
            return not any(exact), self.until is not None and execution.finished_at > self.until

        return min(executions, key=doubts, default=None)

    def add(self, execution: Execution) -> None:
        """Take what `execution` read and wrote into the chain."""
        self.executions.append(execution)
        self.states = {**execution.inputs, **execution.outputs, **self.states}


def chain_of(
    executions: Iterable[Execution],
    anchors: Mapping[str, StoredState],
    store: DataStore,
    until: str | None = None,
) -> Chain:
    """All that the `anchors` were made from, and what was made from that, before `until` if there is such."""
    chain = Chain(dict(anchors), until)
    made = set(anchors)
    newest_first = sorted(executions, key=lambda execution: execution.finished_at, reverse=True)
    while (found := _next(chain, made, newest_first)) is not None:
        chain.add(found)
        made |= found.outputs.keys()
        newest_first.remove(found)
    _add_by_time(chain, newest_first, store)
    return chain


def upstream_of(
    executions: Iterable[Execution], anchors: Mapping[str, StoredState], until: str | None = None
) -> Chain:
    """All that the `anchors` were made from, and nothing that was made from them."""
    chain = Chain(dict(anchors), until)
    newest_first = sorted(executions, key=lambda execution: execution.finished_at, reverse=True)
    while (found := _maker(chain, newest_first)) is not None:
        chain.add(found)
        newest_first.remove(found)
    return chain


def _next(chain: Chain, made: set[str], rest: list[Execution]) -> Execution | None:
    """First whoever made something in the chain, then who read only what is in it."""
    maker = _maker(chain, rest)
    if maker is not None:
        return maker
    readers = [one for one in rest if made & one.inputs.keys() and chain.fits(one)]
    return chain.likeliest(readers, "inputs")


def _maker(chain: Chain, rest: list[Execution]) -> Execution | None:
    known = {output for execution in chain.executions for output in execution.outputs}
    wanted = chain.states.keys() - known
    return chain.likeliest(
        [one for one in rest if one.outputs.keys() & wanted and chain.fits(one)], "outputs"
    )


def _add_by_time(chain: Chain, rest: list[Execution], store: DataStore) -> None:
    """What lies there without any record (a run before there were records) goes with its own run's data."""
    times = {state.version for state in chain.states.values() if state.version is not None}
    recorded = {(name, state.version) for one in rest for name, state in one.outputs.items()}
    for name in store.places:
        if name in chain.states:
            continue
        for version in reversed(store.versions(name)):
            if version in times and (name, version) not in recorded:
                chain.states[name] = StoredState("unknown", version)
                chain.by_time.add(name)
                break
