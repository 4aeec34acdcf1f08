"""`--namespaces`: the stages that a run takes alone, and the pipelines that have them."""

from collections.abc import Iterable
from difflib import get_close_matches

from kedro.framework.project import pipelines as registered_pipelines

from instruction_tuning.errors import ConfigurationError


def outermost(namespaces: Iterable[str]) -> list[str]:
    """Without those that lie inside of another: Kedro would take their nodes twice."""
    asked = list(dict.fromkeys(namespaces))
    return [one for one in asked if not any(one.startswith(f"{other}.") for other in asked)]


def pipelines_with(namespaces: Iterable[str]) -> list[str]:
    """The pipelines to take these stages from, where none is named."""
    return sorted({_pipeline_of(namespace) for namespace in namespaces})


def _pipeline_of(namespace: str) -> str:
    """That of its name, for the box of the default one may hold more; else the default one, or the smallest
    that has it."""
    if namespace in registered_pipelines:
        return namespace
    having = [name for name in registered_pipelines if namespace in _namespaces([name])]
    if not having or "__default__" in having:
        return "__default__"
    return min(having, key=lambda name: len(registered_pipelines[name].nodes))


def _namespaces(names: Iterable[str]) -> set[str]:
    """All in these pipelines, the inner ones too."""
    whole = {str(node.namespace) for name in names for node in registered_pipelines[name].nodes}
    return {".".join(space.split(".")[:end]) for space in whole for end in range(1, space.count(".") + 2)}


def require_stages(namespaces: Iterable[str], names: list[str]) -> None:
    """Raise `ConfigurationError` for one that none of the pipelines `names` has, with the nearest."""
    there = _namespaces(names)
    for namespace in namespaces:
        if namespace not in there:
            last = {space.rpartition(".")[2]: space for space in there}
            close = get_close_matches(namespace, sorted({*there, *last}), n=1)
            hint = f"did you mean `{last.get(close[0], close[0])}`? " if close else ""
            raise ConfigurationError(
                f"there is no stage `{namespace}` in {' or '.join(f'`{name}`' for name in names)}",
                field="namespaces",
                fix=f"{hint}it has {', '.join(sorted(there))}",
            )
