"""What kedro-viz draws of a chain whose stages are all closed, from the pipeline and the catalog."""

from typing import Any

from kedro.pipeline import Pipeline


def stages(chain: Pipeline) -> set[str]:
    """The namespaces: one box each."""
    return {node.namespace for node in chain.nodes if node.namespace is not None}


def stage_boundary(chain: Pipeline) -> set[str]:
    """The data sets that go into a stage from outside or come out of one, parameters aside: the rest is
    inside a box."""
    makers = {name: node.namespace for node in chain.nodes for name in node.outputs}
    takers = {(name, node.namespace) for node in chain.nodes for name in node.inputs}
    crossing = {name for name, namespace in takers if makers.get(name) != namespace} | chain.outputs()
    return {name for name in crossing if name != "parameters" and not name.startswith("params:")}


def layers_of(names: set[str], entries: dict[str, Any]) -> list[str]:
    """The layers of the catalog's `entries` of these names, from the raw ones on."""
    return sorted({entries[name]["metadata"]["kedro-viz"]["layer"] for name in names})
