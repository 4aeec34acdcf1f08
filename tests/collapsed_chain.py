"""What kedro-viz draws of a chain whose stages are all closed, from the pipeline and the catalog."""

from typing import Any

from kedro.pipeline import Node, Pipeline


def stages(chain: Pipeline) -> set[str]:
    """The outermost namespaces: one box each."""
    return {stage(node) for node in chain.nodes if node.namespace is not None}


def stage(node: Node) -> str:
    """The outermost of a node's namespaces; empty without any."""
    return (node.namespace or "").partition(".")[0]


def stage_boundary(chain: Pipeline) -> set[str]:
    """The data sets that go into a stage from outside or come out of one, parameters aside: the rest is
    inside a box."""
    makers = {name: stage(node) for node in chain.nodes for name in node.outputs}
    takers = {(name, stage(node)) for node in chain.nodes for name in node.inputs}
    crossing = {name for name, taker in takers if makers.get(name) != taker} | chain.outputs()
    return {name for name in crossing if name != "parameters" and not name.startswith("params:")}


def layers_of(names: set[str], entries: dict[str, Any]) -> list[str]:
    """The layers of the catalog's `entries` of these names, from the raw ones on."""
    return sorted({entries[name]["metadata"]["kedro-viz"]["layer"] for name in names})
