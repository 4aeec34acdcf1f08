"""What a run would do, without doing it: every node, the reason, and how long it usually takes."""

from dataclasses import dataclass

from kedro.pipeline import Node

from instruction_tuning.incremental.decisions import Action, Decision, RunState

_ORDER = {Action.RUN: 2, Action.MAYBE: 1, Action.REUSE: 0, Action.WAIT: 0}


@dataclass(frozen=True)
class PlannedNode:
    """One line of a plan; `seconds` is null where nothing is known or nothing is run."""

    node: str
    action: Action
    reason: str
    seconds: float | None


@dataclass(frozen=True)
class Plan:
    """All nodes of a run in their order."""

    nodes: tuple[PlannedNode, ...]

    def may_run(self) -> frozenset[str]:
        """Names of the nodes that run, or that may."""
        return frozenset(line.node for line in self.nodes if line.action in (Action.RUN, Action.MAYBE))

    def render(self) -> str:
        """A table for a terminal, and what it adds up to."""
        width = max((len(line.node) for line in self.nodes), default=0)
        lines = [
            f"{line.action:<6}{line.node:<{width}}  {_seconds(line):>9}  {line.reason}" for line in self.nodes
        ]
        return "\n".join([*lines, "", self._sum()])

    def _sum(self) -> str:
        def named(action: Action) -> list[PlannedNode]:
            return [line for line in self.nodes if line.action is action]

        run, maybe = named(Action.RUN), named(Action.MAYBE)
        reused = len(named(Action.REUSE))
        text = f"{len(run)} of {len(self.nodes)} nodes run, {len(maybe)} may, {reused} are reused"
        if not run and not maybe:
            return f"{text}: nothing to do"
        if all(line.seconds is None for line in (*run, *maybe)):
            return f"{text}; expected time not known yet"
        certain, possible = (sum(line.seconds or 0 for line in lines) for lines in (run, maybe))
        text += f"; expected {certain:.0f} s"
        if maybe:
            text += f" to {certain + possible:.0f} s"
        unknown = sum(line.seconds is None for line in (*run, *maybe))
        return text + (f", and {unknown} nodes that were never timed" if unknown else "")


def plan_run(state: RunState) -> Plan:
    """The plan with what is known before anything runs."""
    decisions: dict[str, Decision] = {}
    for node in state.pipeline.nodes:
        decision = decisions[node.name] = state.decide(node)
        if decision.action is Action.REUSE:
            state.take(node, decision)
    for node in reversed(state.pipeline.nodes):
        decisions[node.name] = _asked_for(node, decisions, state)
    state.reset()
    return Plan(tuple(_line(node, decisions[node.name], state) for node in state.pipeline.nodes))


def _asked_for(node: Node, decisions: dict[str, Decision], state: RunState) -> Decision:
    """A node that would be reused runs all the same for one that runs and needs what only memory keeps."""
    decision = decisions[node.name]
    if decision.action is Action.RUN:
        return decision
    if wanted := state.unconsumed(node):
        return Decision(Action.RUN, f"{wanted[0]} is asked for and kept in memory only", decision.execution)
    asking = [
        (decisions[consumer.name].action, consumer.name)
        for name in node.outputs
        if state.is_memory(name)
        for consumer in state.consumers.get(name, [])
    ]
    strongest, name = max(asking, key=lambda pair: _ORDER[pair[0]], default=(Action.REUSE, ""))
    if _ORDER[strongest] > _ORDER[decision.action]:
        reason = decision.change or f"for {name}: kept in memory only"
        return Decision(strongest, reason, decision.execution)
    if decision.action is Action.WAIT:
        return Decision(Action.REUSE, decision.reason, decision.execution)
    return decision


def _line(node: Node, decision: Decision, state: RunState) -> PlannedNode:
    taken = decision.action is Action.REUSE
    seconds = None if taken else state.records.usual_seconds(node.name)
    return PlannedNode(node.name, decision.action, decision.reason, seconds)


def _seconds(line: PlannedNode) -> str:
    if line.action is Action.REUSE:
        return "-"
    return "?" if line.seconds is None else f"{line.seconds:.1f} s"
