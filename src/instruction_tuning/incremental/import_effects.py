"""Which statements of a module may leave something behind elsewhere when it is imported.

`import_time` reads what a statement calls and which classes it makes; here the names are followed, through
re-exports, to what they mean. A callable is harmless when it is a known one of somebody else's, or a class
of this project whose instances come about without any of its code. All others may register what they get.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from instruction_tuning.incremental.import_time import (
    HARMLESS,
    HARMLESS_BUILTINS,
    HARMLESS_METHODS,
    PLAIN_BASES,
    UNNAMED,
)

_MAX_REEXPORTS = 20
# What a name means that nobody can look up: no class, no value of a known kind.
_UNKNOWN: dict[str, Any] = {"class": None}


class _Meaning(NamedTuple):
    """`statement` of module `place`, and what of the name is left; a null one is somebody else's."""

    place: str
    statement: dict[str, Any] | None
    rest: list[str]

    def class_facts(self) -> dict[str, Any] | None:
        """Null unless a class of this project is meant."""
        known = self.statement is not None and not self.rest
        return self.statement["class"] if known and self.statement is not None else None

    @property
    def last(self) -> str:
        return [*self.place.split("."), *self.rest][-1]


class ImportEffects:
    """Reads modules by `source`: statements, and their indexes by the names that they bind."""

    def __init__(
        self,
        source: Callable[[str], tuple[dict[str, Any], dict[str, list[int]]]],
        is_local: Callable[[str], bool],
        modules: Callable[[str], dict[str, Path]],
    ) -> None:
        self._source, self._is_local, self._modules = source, is_local, modules
        self._known: dict[str, list[int]] = {}

    def acting(self, module: str) -> list[int]:
        """Indexes of the statements of `module` that may leave something behind."""
        if module not in self._known:
            statements = self._source(module)[0]["statements"]
            self._known[module] = [i for i, one in enumerate(statements) if self._acts(module, one)]
        return self._known[module]

    def bound_to(self, module: str, name: str) -> list[dict[str, Any]]:
        """The statements of this project that `name` of `module` may come from, through re-exports."""
        found = [meaning.statement for meaning in self._meanings(module, [name])]
        return [statement for statement in found if statement is not None and statement is not _UNKNOWN]

    def _acts(self, module: str, statement: dict[str, Any]) -> bool:
        facts = statement["class"]
        return (
            statement["always"]
            or (facts is not None and self._has_hooks(module, facts))
            or not all(
                self._is_harmless(module, name.split("."), given) for name, given in statement["calls"]
            )
        )

    def _is_harmless(self, module: str, chain: list[str], given: bool) -> bool:
        """Whether the call of `chain` in `module`, with arguments where `given`, only makes a value."""
        for meaning in self._meanings(module, chain):
            facts = meaning.class_facts()
            if meaning.statement is None:
                harmless = _is_harmless_elsewhere(meaning)
            elif meaning.rest:
                harmless = not given and meaning.last in HARMLESS_METHODS
            else:
                harmless = facts is not None and self._is_plain(meaning.place, facts)
            if not harmless:
                return False
        return True

    def _is_plain(self, module: str, facts: dict[str, Any]) -> bool:
        """Whether making an instance of a class runs no code of this project."""
        if not facts["plain"] or self._has_hooks(module, facts):
            return False
        for base in self._ancestors(module, facts):
            inner = base.class_facts()
            if base.statement is None:
                if base.last not in PLAIN_BASES:
                    return False
            elif inner is None or not inner["plain"]:
                return False
        return True

    def _has_hooks(self, module: str, facts: dict[str, Any]) -> bool:
        """Whether making a class runs code: a metaclass, or `__init_subclass__` of what it inherits from."""
        ours = [base for base in self._ancestors(module, facts) if base.statement is not None]
        inherited = [base.class_facts() for base in ours]
        return facts["metaclass"] or any(
            inner is None or inner["metaclass"] or inner["hook"] for inner in inherited
        )

    def _ancestors(self, module: str, facts: dict[str, Any]) -> Iterator[_Meaning]:
        waiting, seen = [(module, facts)], {id(facts)}
        while waiting:
            place, child = waiting.pop()
            for base in child["bases"]:
                for meaning in self._meanings(place, base.split(".")):
                    inner = meaning.class_facts()
                    if inner is None:
                        yield meaning
                    elif id(inner) not in seen:
                        seen.add(id(inner))
                        waiting.append((meaning.place, inner))
                        yield meaning

    def _meanings(self, module: str, chain: list[str], depth: int = 0) -> list[_Meaning]:
        """What `chain` may mean in `module`: a name can be bound more than once."""
        statements, bindings = self._source(module)[0]["statements"], self._source(module)[1]
        if depth > _MAX_REEXPORTS:
            return [_Meaning(module, _UNKNOWN, chain[1:])]
        found = []
        for index in bindings.get(chain[0], []):
            if not statements[index]["import"]:
                found.append(_Meaning(module, statements[index], chain[1:]))
                continue
            for alias, target, attribute in statements[index]["imports"]:
                if alias == chain[0]:
                    path = [attribute, *chain[1:]] if attribute else chain[1:]
                    found += self._meanings_at(target, path, depth)
        if found:
            return found
        # A star may bring anything.
        if chain[0] == UNNAMED or any(statement["stars"] for statement in statements):
            return [_Meaning(module, _UNKNOWN, chain[1:])]
        return [_Meaning("builtins", None, chain)]

    def _meanings_at(self, target: str, chain: list[str], depth: int) -> list[_Meaning]:
        if not self._is_local(target):
            return [_Meaning(target, None, chain)]
        while chain and f"{target}.{chain[0]}" in self._modules(target):
            target, chain = f"{target}.{chain[0]}", chain[1:]
        if not chain or target not in self._modules(target) or chain[0] not in self._source(target)[1]:
            return [_Meaning(target, _UNKNOWN, chain[1:])]
        return self._meanings(target, chain, depth + 1)


def _is_harmless_elsewhere(meaning: _Meaning) -> bool:
    if meaning.place == "builtins":
        name, *methods = meaning.rest
        return name in HARMLESS_BUILTINS and HARMLESS_METHODS.issuperset(methods)
    top_level, *inner = [*meaning.place.split("."), *meaning.rest]
    return bool(inner) and inner[-1] in HARMLESS.get(top_level, frozenset())
