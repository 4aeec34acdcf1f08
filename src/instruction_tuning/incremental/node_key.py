"""All that decides what a node makes, as JSON, and one key over it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kedro.io import CatalogProtocol
from kedro.pipeline import Node

from instruction_tuning.incremental.code_closure import Code, CodeIndex, UnreadableCodeError
from instruction_tuning.incremental.configuration import classes_in, entry_of
from instruction_tuning.incremental.contents import canonical
from instruction_tuning.incremental.distributions import Distributions
from instruction_tuning.incremental.file_digests import DigestCache, combined
from instruction_tuning.incremental.node_code import (
    class_code,
    function_code,
    interpreter,
    joined,
)

_MAX_PATH_CHARACTERS = 1000
WORK_FOLDER = ("data", ".work")


@dataclass(frozen=True)
class Ingredients:
    """What one node works with; digests of `inputs` are null where not known yet."""

    node: str
    wiring: Any
    code: dict[str, str]
    bound: list[Any]
    parameters: dict[str, Any]
    inputs: dict[str, str | None]
    files: dict[str, str]
    entries: dict[str, Any]
    versions: dict[str, str]
    unknowable: str | None = None

    @property
    def key(self) -> str | None:
        """SHA-256 over everything, 64 hex digits; null as long as something is not known."""
        if self.unknowable is not None or None in self.inputs.values():
            return None
        return combined({name: value for name, value in vars(self).items() if name != "unknowable"})


@dataclass
class IngredientsReader:
    """Reads the ingredients of nodes; `served_by` names modules whose code answers for a data set."""

    project: Path
    catalog: CatalogProtocol[Any, Any]
    cache: DigestCache
    served_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._code = CodeIndex(self.cache)
        self._distributions = Distributions(self.cache)
        self._entries: dict[str, dict[str, Any]] = {}
        self._fixed: dict[str, Ingredients] = {}

    def read(self, node: Node, input_digest: Callable[[str], str | None]) -> Ingredients:
        """The ingredients of `node`, its inputs digested by `input_digest` as things stand now."""
        fixed = self._fixed.get(node.name)
        if fixed is None:
            fixed = self._fixed[node.name] = self._read_fixed(node)
        inputs = {name: input_digest(name) for name in node.inputs if not is_parameter(name)}
        return Ingredients(**(vars(fixed) | {"inputs": inputs}))

    def _read_fixed(self, node: Node) -> Ingredients:
        unknowable = None
        datasets = sorted({name for name in (*node.inputs, *node.outputs) if not is_parameter(name)})
        entries = {name: entry for name in datasets if (entry := self._entry(name))}
        try:
            code, bound = function_code(node.func, self._code)
            classes = [name for entry in entries.values() for name in classes_in(entry)]
            servers = [
                self._code.room(module) for name in node.inputs for module in self.served_by.get(name, ())
            ]
            code = joined([code, class_code(classes, self._code), *servers])
        except UnreadableCodeError as error:
            code, bound, unknowable = Code({}, frozenset()), [], f"its code cannot be followed: {error}"
        parameters: dict[str, Any] = {}
        for name in filter(is_parameter, node.inputs):
            value = canonical(self.catalog.load(name))
            if value is None:
                unknowable = unknowable or f"{name} has no JSON form"
            else:
                parameters[name] = value["value"]
        return Ingredients(
            node=node.name,
            wiring=[node._inputs, node._outputs],
            code=code.definitions,
            bound=bound,
            parameters=parameters,
            inputs={},
            files=self._files(parameters),
            entries=entries,
            versions={"python": interpreter()} | self._distributions.versions(code.installed),
            unknowable=unknowable,
        )

    def _entry(self, name: str) -> dict[str, Any]:
        if name not in self._entries:
            self._entries[name] = entry_of(name, self.catalog)
        return self._entries[name]

    def _files(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        """Files and folders that parameters name, such as a chat template, count by content; working state
        does not."""
        found = {}
        for text in _texts(parameters):
            if len(text) > _MAX_PATH_CHARACTERS or "\0" in text or not ("/" in text or "." in text):
                continue
            path = self.project / text
            if path.is_relative_to(self.project.joinpath(*WORK_FOLDER)):
                continue
            try:
                if path.is_file() or path.is_dir():
                    found[text] = self.cache.path_digest(path)
            except OSError:
                continue
        return found


def is_parameter(name: str) -> bool:
    """Whether a node's input is a parameter."""
    return name == "parameters" or name.startswith("params:")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
