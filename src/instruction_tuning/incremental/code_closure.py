"""The code behind a function: every definition that it can reach inside the project's own packages.

A walk over syntax trees, from definition to definition: names, imports (those inside functions too),
attributes of modules, base classes, decorators, defaults, registries, dotted names in texts. Nothing is
executed. Where it does not say what is used (`import_module` of a computed name, a module passed as a
value), all that it could be counts: running once too often is right, once too seldom a defect.

Seen as well: statements that act when a module is imported, files of the package beside code that asks for
`__file__`, and which installed packages are imported. Not seen: code handed in from outside the walk (a class
that only a caller knows), environment variables, and what a program reads of its own `.py` files.
"""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from instruction_tuning.code_digest import program_digest
from instruction_tuning.incremental.file_digests import DigestCache, combined, file_state, files_below
from instruction_tuning.incremental.import_effects import ImportEffects
from instruction_tuning.incremental.local_packages import modules_of, package_root
from instruction_tuning.incremental.module_source import read_module

# Before the name of what is no code, among the definitions.
FILE = "file "
_NO_DATA = (".py", ".pyc", ".pyi", ".so")


class UnreadableCodeError(Exception):
    """Code whose identity cannot be known; the node that uses it runs every time."""


@dataclass(frozen=True)
class Code:
    """What was reached: `definitions` by dotted name with their digests, and the installed packages used."""

    definitions: dict[str, str]
    installed: frozenset[str]


@dataclass
class _Walk:
    definitions: dict[str, str] = field(default_factory=dict)
    installed: set[str] = field(default_factory=set)
    seen: set[tuple[str, int]] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)
    wholes: set[str] = field(default_factory=set)


class CodeIndex:
    """Closures of definitions; module files are parsed once and remembered in `cache`."""

    def __init__(self, cache: DigestCache) -> None:
        self._cache = cache
        self._sources: dict[str, dict[str, Any]] = {}
        self._bindings: dict[str, dict[str, list[int]]] = {}
        self._effects = ImportEffects(self._source_and_bindings, self._is_local, self._modules)
        self._closures: dict[tuple[str, str], Code] = {}
        self._states: dict[str, str] = {}

    def closure(self, module: str, name: str) -> Code:
        """The code behind the module-level `name`; an empty name means all of the module.

        Raises `UnreadableCodeError` for a module of this project without a file of its own.
        """
        key = (module, name)
        if key not in self._closures:
            if self._is_local(module):
                if module not in self._modules(module):
                    raise UnreadableCodeError(f"module {module} is not where its package lies")
                known = self._cache.value(
                    "closure 3",
                    f"{module}:{name}",
                    self._state(module),
                    lambda: self._walked(module, name),
                )
                self._closures[key] = Code(known["definitions"], frozenset(known["installed"]))
            else:
                self._closures[key] = Code({}, frozenset({module.split(".")[0]}))
        return self._closures[key]

    def room(self, module: str) -> Code:
        """All of `module`, and every program of its folder.

        For a server of this package that puts a digest of its own programs into what it answers.
        """
        code = self.closure(module, "")
        folder = self._modules(module)[module].parent
        programs = {
            f"{folder.name}/{name}": str(self._cache.fact("program 1", file, program_digest))
            for name, file in files_below(folder)
            if file.suffix == ".py"
        }
        return Code(code.definitions | programs, code.installed)

    def _walked(self, module: str, name: str) -> dict[str, Any]:
        walk = _Walk()
        if name:
            self._use(walk, module, [name])
        else:
            self._use_whole(walk, module)
        return {"definitions": dict(sorted(walk.definitions.items())), "installed": sorted(walk.installed)}

    def _state(self, module: str) -> str:
        """Changes with any file of any local package that is loaded, or that `module` lies in."""
        own = module.split(".")[0]
        if own not in self._states:
            top_levels = {own, *(name for name in list(sys.modules) if "." not in name)}
            roots = {name: root for name in sorted(top_levels) if (root := package_root(name)) is not None}
            self._states[own] = combined({name: self._folder_state(root) for name, root in roots.items()})
        return self._states[own]

    @staticmethod
    def _folder_state(root: Path) -> str:
        files = files_below(root) if root.is_dir() else [(root.name, root)]
        return combined({name: file_state(file) for name, file in files if file.suffix != ".pyc"})

    def _is_local(self, module: str) -> bool:
        return package_root(module.split(".")[0]) is not None

    def _modules(self, module: str) -> dict[str, Path]:
        return modules_of(module.split(".")[0])

    def _source(self, module: str) -> dict[str, Any]:
        if module not in self._sources:
            file = self._modules(module)[module]
            is_package = file.name == "__init__.py"
            source = self._cache.fact(
                f"source 3 {module}", file, lambda path: read_module(path, module, is_package)
            )
            bindings: dict[str, list[int]] = {}
            for index, statement in enumerate(source["statements"]):
                for name in statement["binds"]:
                    bindings.setdefault(name, []).append(index)
            self._sources[module], self._bindings[module] = source, bindings
        return self._sources[module]

    def _source_and_bindings(self, module: str) -> tuple[dict[str, Any], dict[str, list[int]]]:
        return self._source(module), self._bindings[module]

    def _use(self, walk: _Walk, module: str, chain: list[str]) -> None:
        """The definition that dotted `chain` means, seen from outside of `module`."""
        if not self._is_local(module):
            walk.installed.add(module.split(".")[0])
            return
        if module not in self._modules(module):
            parent, _, last = module.rpartition(".")
            # A name, not a module; or a module made at run time.
            self._use(walk, parent, [last, *chain]) if parent else None
            return
        self._import(walk, module)
        if not chain:
            self._use_whole(walk, module)
            return
        source = self._source(module)
        indexes = self._bindings[module].get(chain[0], [])
        for index in indexes:
            self._follow(walk, module, index, chain)
        submodule = f"{module}.{chain[0]}"
        if submodule in self._modules(module):
            self._use(walk, submodule, chain[1:])
        elif not indexes:
            stars = [star for statement in source["statements"] for star in statement["stars"]]
            for star in stars:
                self._use(walk, star, chain)
            if not stars and not chain[0].startswith("__"):
                self._use_whole(walk, module)

    def _follow(self, walk: _Walk, module: str, index: int, chain: list[str]) -> None:
        """Statement `index` of `module`, of which `chain[0]` is wanted."""
        statement = self._source(module)["statements"][index]
        if not statement["import"]:
            self._visit(walk, module, index)
            return
        for alias, target, attribute in statement["imports"]:
            if alias == chain[0]:
                walk.definitions[f"{module}.{alias} = import"] = f"{target}:{attribute}"
                self._use_target(walk, target, attribute, chain[1:])

    def _use_target(self, walk: _Walk, target: str, attribute: str, rest: list[str]) -> None:
        if attribute == "*":
            self._use(walk, target, [])
        elif attribute:
            self._use(walk, target, [attribute, *rest])
        else:
            # `import a.b` binds `a`; what follows leads into it.
            self._use(walk, target, rest)

    def _visit(self, walk: _Walk, module: str, index: int) -> None:
        if (module, index) in walk.seen:
            return
        walk.seen.add((module, index))
        source = self._source(module)
        statement = source["statements"][index]
        label = (
            f"{module}.{'/'.join(statement['binds'][:3])}" if statement["binds"] else f"{module} on import"
        )
        while walk.definitions.get(label, statement["digest"]) != statement["digest"]:
            label += "+"
        walk.definitions[label] = statement["digest"]
        if statement["dynamic"]:
            self._use_package(walk, module)
        if statement["whole"]:
            self._use_whole(walk, module)
            walk.definitions[f"{module} as written"] = source["text"]
        if statement["files"]:
            self._use_files(walk, self._modules(module)[module].parent)
        local = {alias for alias, _, _ in statement["imports"] if alias}
        for _, target, attribute in statement["imports"]:
            self._import_target(walk, target, attribute)
        for star in statement["stars"]:
            self._use(walk, star, [])
        for text in statement["texts"]:
            top_level, *rest = re.split("[.:]", text)
            self._use(walk, top_level, rest)
        for dotted in statement["chains"]:
            chain = dotted.split(".")
            if chain[0] in local:
                for alias, target, attribute in statement["imports"]:
                    if alias == chain[0]:
                        self._use_target(walk, target, attribute, chain[1:])
            self._use_name(walk, module, chain)

    def _use_name(self, walk: _Walk, module: str, chain: list[str]) -> None:
        """`chain` as code inside `module` would find it; a name that nothing binds is Python's own."""
        for index in self._bindings[module].get(chain[0], []):
            self._follow(walk, module, index, chain)
        if chain[0] not in self._bindings[module]:
            for statement in self._source(module)["statements"]:
                for star in statement["stars"]:
                    if self._is_local(star) and star in self._modules(star):
                        self._source(star)
                        if chain[0] in self._bindings[star] or self._has_stars(star):
                            self._use(walk, star, chain)
                    elif not self._is_local(star):
                        walk.installed.add(star.split(".")[0])

    def _has_stars(self, module: str) -> bool:
        return any(statement["stars"] for statement in self._source(module)["statements"])

    def _import_target(self, walk: _Walk, target: str, attribute: str) -> None:
        if not self._is_local(target):
            walk.installed.add(target.split(".")[0])
            return
        self._import(walk, target)
        if attribute == "*":
            self._use(walk, target, [])
        elif attribute and f"{target}.{attribute}" in self._modules(target):
            self._import(walk, f"{target}.{attribute}")

    def _import(self, walk: _Walk, module: str) -> None:
        """What importing `module` does: statements that act, in it, its packages and what it imports."""
        parts = module.split(".")
        for end in range(1, len(parts) + 1):
            name = ".".join(parts[:end])
            if name in walk.imported or name not in self._modules(module):
                continue
            walk.imported.add(name)
            for index in self._effects.acting(name):
                self._visit(walk, name, index)
            for statement in self._source(name)["statements"]:
                if statement["import"]:
                    for _, target, attribute in statement["imports"]:
                        if self._is_local(target):
                            self._import_target(walk, target, attribute)
                    for star in statement["stars"]:
                        if self._is_local(star):
                            self._import_target(walk, star, "")

    def _use_whole(self, walk: _Walk, module: str) -> None:
        if module in walk.wholes:
            return
        walk.wholes.add(module)
        self._import(walk, module)
        for index, statement in enumerate(self._source(module)["statements"]):
            if statement["import"]:
                for alias, target, attribute in statement["imports"]:
                    self._use_target(walk, target, attribute, ["__name__"] if not attribute else [])
                    walk.definitions[f"{module}.{alias} = import"] = f"{target}:{attribute}"
            else:
                self._visit(walk, module, index)

    def _use_package(self, walk: _Walk, module: str) -> None:
        """All modules of the package, by text: nobody can tell which of them."""
        top_level = module.split(".")[0]
        for name in self._modules(module):
            walk.definitions[f"{name} (all of {top_level}, for a computed import)"] = self._source(name)[
                "whole"
            ]
        root = package_root(top_level)
        assert root is not None
        self._use_files(walk, root if root.is_dir() else root.parent)

    def _use_files(self, walk: _Walk, folder: Path) -> None:
        for name, file in files_below(folder):
            if file.suffix not in _NO_DATA and "__pycache__" not in file.parts:
                walk.definitions[f"{FILE}{folder.name}/{name}"] = self._cache.digest(file)[:16]
