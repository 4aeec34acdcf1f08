"""Which versions may go: what no registered model, no newest version and no wish to keep holds on to.

A registered version keeps its whole chain: all it was made from, and all that says what became of records on
the way (rejected ones, decisions, pairs, verdicts), so that `kedro explain` goes on answering.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from instruction_tuning.incremental.records import Execution, StoredState
from instruction_tuning.lineage.provenance import chain_of, same, upstream_of
from instruction_tuning.lineage.registry import RegisteredModel
from instruction_tuning.lineage.store import DataStore

NOT_AS_RECORDED = "newer than the newest whole one, and not as any run recorded it"
Version = tuple[str, str]  # name of the data set, version


@dataclass(frozen=True)
class Kept:
    """A version that stays, and why."""

    version: Version
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class RetentionPlan:
    """What stays with its reasons, what may go with its size in bytes, and the records that go with it."""

    kept: list[Kept]
    removable: list[tuple[Version, int]]
    records: list[tuple[str, str]] = field(default_factory=list)  # node, key

    @property
    def removable_bytes(self) -> int:
        """Together."""
        return sum(size for _, size in self.removable)


def retention_plan(
    store: DataStore,
    executions: list[Execution],
    models: Iterable[RegisteredModel],
    *,
    keep_last: int,
    keep_days: float | None,
    now: datetime,
    is_whole: Callable[[Version], bool] = lambda _: True,
) -> RetentionPlan:
    """`keep_last` newest versions of every data set stay (1 at least), and all younger than `keep_days`.

    Of a data set of which some versions are whole (see `recorded`), only those count as its newest; what is
    newer than they are stays as well, for what it is cannot be told.
    """
    reasons: dict[Version, list[str]] = {}
    for model in models:
        named = f"{model}" + "".join(f" @{alias}" for alias in model.aliases)
        for needed in _needed_by(model, store, executions):
            reasons.setdefault(needed, []).append(named)
    for name in store.places:
        versions = list(reversed(store.versions(name)))
        wholes = (version for version in versions if is_whole((name, version)))
        whole = list(islice(wholes, max(keep_last, 1)))
        for version in versions[: versions.index(whole[0])] if whole else []:
            reasons.setdefault((name, version), []).append(NOT_AS_RECORDED)
        for position, version in enumerate((whole or versions)[: max(keep_last, 1)]):
            newest = "newest" if position == 0 else f"one of the newest {keep_last}"
            reasons.setdefault((name, version), []).append(newest)
        for version in versions:
            if keep_days is not None and _age(version, now) < timedelta(days=keep_days):
                reasons.setdefault((name, version), []).append(f"younger than {keep_days:g} days")
    _keep_siblings(reasons, executions)
    there = [(name, version) for name in store.places for version in store.versions(name)]
    removable = [version for version in there if version not in reasons]
    staying = set(there) - set(removable)
    return RetentionPlan(
        kept=[Kept(version, tuple(reasons[version])) for version in there if version in reasons],
        removable=[((name, version), _size(store.places[name] / version)) for name, version in removable],
        records=_without_outputs(executions, staying, store),
    )


def recorded(
    store: DataStore, executions: Iterable[Execution], path_digest: Callable[[Path], str]
) -> Callable[[Version], bool]:
    """Whether a version has the content that the run which made it noted down.

    A copy that broke off, or an edit by hand, has another; a run by another runner has noted nothing.
    """
    digests: dict[tuple[str, str | None], set[str]] = {}
    for execution in executions:
        for name, state in execution.outputs.items():
            digests.setdefault((name, state.version), set()).add(state.digest)

    def is_whole(version: Version) -> bool:
        path = store.path(*version)
        return path is not None and version in digests and path_digest(path) in digests[version]

    return is_whole


def kept_by(plan: RetentionPlan) -> dict[str, int]:
    """Versions that stay, by reason."""
    return dict(Counter(reason for kept in plan.kept for reason in kept.reasons))


def _needed_by(model: RegisteredModel, store: DataStore, executions: list[Execution]) -> set[Version]:
    chain = chain_of(executions, model.data, store, model.registered_at)
    makers = upstream_of(executions, model.data, model.registered_at).executions
    sides = [side for one in makers for side in (one.inputs, one.outputs)]
    named = [pair for states in (chain.states, *sides) for pair in states.items()]
    needed = {(name, state.version) for name, state in named if state.version is not None}
    for name, state in chain.states.items():
        if store.path(name, state.version) is None and name in store.places:
            needed |= _same_content(name, executions, state)
    return needed


def _same_content(name: str, executions: list[Execution], state: StoredState) -> set[Version]:
    """Other versions with the content of one that is gone."""
    found = [one.outputs[name] for one in executions if name in one.outputs]
    return {(name, one.version) for one in found if one.version and same(one, state)}


def _keep_siblings(reasons: dict[Version, list[str]], executions: list[Execution]) -> None:
    """All outputs of one execution stay together: the incremental run takes all of them or none."""
    for execution in executions:
        outputs = {(name, state.version) for name, state in execution.outputs.items() if state.version}
        if any(output in reasons for output in outputs):
            for name, version in outputs:
                reasons.setdefault((name, str(version)), ["made together with one that is kept"])


def _without_outputs(
    executions: list[Execution], staying: set[Version], store: DataStore
) -> list[tuple[str, str]]:
    """Records of which a versioned output is, or would be, gone, whoever deleted it."""
    return [
        (one.node, one.key)
        for one in executions
        if any(
            state.stored and state.version and name in store.places and (name, state.version) not in staying
            for name, state in one.outputs.items()
        )
    ]


def _age(version: str, now: datetime) -> timedelta:
    """By the version's name, which is the time of its run; what is no time is as old as can be."""
    try:
        made = datetime.strptime(version, "%Y-%m-%dT%H.%M.%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return timedelta.max
    return now - made


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
