"""The walk from a definition to every other one that it reaches, statement by statement."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from instruction_tuning.incremental.file_digests import DigestCache, files_below
from instruction_tuning.incremental.import_effects import ImportEffects
from instruction_tuning.incremental.local_packages import is_local, package_modules, package_root
from instruction_tuning.incremental.module_source import read_module

# Before the name of what is no code, among the definitions.
FILE = "file "
_NO_DATA = (".py", ".pyc", ".pyi", ".so")


class ModuleSources:
    """What `read_module` says of each module; files are parsed once and remembered in `cache`."""

    def __init__(self, cache: DigestCache) -> None:
        self._cache = cache
        self._sources: dict[str, dict[str, Any]] = {}
        self._bindings: dict[str, dict[str, list[int]]] = {}
        self._effects = ImportEffects(
            lambda module: (self.source(module), self.bindings(module)), is_local, package_modules
        )

    def source(self, module: str) -> dict[str, Any]:
        """Its statements and texts."""
        if module not in self._sources:
            file = package_modules(module)[module]
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

    def bindings(self, module: str) -> dict[str, list[int]]:
        """Name to the numbers of the statements that bind it."""
        self.source(module)
        return self._bindings[module]

    def acting(self, module: str) -> list[int]:
        """The numbers of its statements that may leave something behind elsewhere when it is imported."""
        return self._effects.acting(module)

    def digest(self, file: Path) -> str:
        """Of a file that is no module."""
        return self._cache.digest(file)[:16]


class CodeWalk:
    """One walk: `definitions` by dotted name with their digests, and the packages on the way.

    `meet` hears of each local one before it is read.
    """

    def __init__(self, sources: ModuleSources, meet: Callable[[str], object]) -> None:
        self.definitions: dict[str, str] = {}
        self.installed: set[str] = set()
        self.packages: set[str] = set()
        self._sources, self._meet = sources, meet
        self._seen: set[tuple[str, int]] = set()
        self._imported: set[str] = set()
        self._wholes: set[str] = set()

    def use(self, module: str, chain: list[str]) -> None:
        """The definition that dotted `chain` means, seen from outside of `module`."""
        if not is_local(module):
            self.installed.add(module.split(".")[0])
            return
        if module not in package_modules(module):
            parent, _, last = module.rpartition(".")
            if parent:
                # A name, not a module; or a folder without an `__init__.py`.
                self.use(parent, [last, *chain])
            elif (deeper := _below(module, chain)) is not None:
                self.use(*deeper)
            return
        self._import(module)
        if not chain:
            self.use_whole(module)
            return
        source = self._sources.source(module)
        indexes = self._sources.bindings(module).get(chain[0], [])
        for index in indexes:
            self._follow(module, index, chain)
        submodule = f"{module}.{chain[0]}"
        if submodule in package_modules(module):
            self.use(submodule, chain[1:])
        elif not indexes and (deeper := _below(module, chain)) is not None:
            self.use(*deeper)
        elif not indexes:
            stars = [star for statement in source["statements"] for star in statement["stars"]]
            for star in stars:
                self.use(star, chain)
            if not stars and not chain[0].startswith("__"):
                self.use_whole(module)

    def use_whole(self, module: str) -> None:
        """Every statement of `module`."""
        if module in self._wholes:
            return
        self._wholes.add(module)
        self._import(module)
        for index, statement in enumerate(self._sources.source(module)["statements"]):
            if statement["import"]:
                for alias, target, attribute in statement["imports"]:
                    self._use_target(target, attribute, ["__name__"] if not attribute else [])
                    self.definitions[f"{module}.{alias} = import"] = f"{target}:{attribute}"
            else:
                self._visit(module, index)

    def _follow(self, module: str, index: int, chain: list[str]) -> None:
        """Statement `index` of `module`, of which `chain[0]` is wanted."""
        statement = self._sources.source(module)["statements"][index]
        if not statement["import"]:
            self._visit(module, index)
            return
        for alias, target, attribute in statement["imports"]:
            if alias == chain[0]:
                self.definitions[f"{module}.{alias} = import"] = f"{target}:{attribute}"
                self._use_target(target, attribute, chain[1:])

    def _use_target(self, target: str, attribute: str, rest: list[str]) -> None:
        if attribute == "*":
            self.use(target, [])
        elif attribute:
            self.use(target, [attribute, *rest])
        else:
            # `import a.b` binds `a`; what follows leads into it.
            self.use(target, rest)

    def _visit(self, module: str, index: int) -> None:
        if (module, index) in self._seen:
            return
        self._seen.add((module, index))
        source = self._sources.source(module)
        statement = source["statements"][index]
        label = (
            f"{module}.{'/'.join(statement['binds'][:3])}" if statement["binds"] else f"{module} on import"
        )
        while self.definitions.get(label, statement["digest"]) != statement["digest"]:
            label += "+"
        self.definitions[label] = statement["digest"]
        if statement["dynamic"]:
            self._use_package(module)
        if statement["whole"]:
            self.use_whole(module)
            self.definitions[f"{module} as written"] = source["text"]
        if statement["files"]:
            self._use_files(package_modules(module)[module].parent)
        local = {alias for alias, _, _ in statement["imports"] if alias}
        for _, target, attribute in statement["imports"]:
            self._import_target(target, attribute)
        for star in statement["stars"]:
            self.use(star, [])
        for text in statement["texts"]:
            top_level, *rest = re.split("[.:]", text)
            self.use(top_level, rest)
        for dotted in statement["chains"]:
            chain = dotted.split(".")
            if chain[0] in local:
                for alias, target, attribute in statement["imports"]:
                    if alias == chain[0]:
                        self._use_target(target, attribute, chain[1:])
            self._use_name(module, chain)

    def _use_name(self, module: str, chain: list[str]) -> None:
        """`chain` as code inside `module` would find it; a name that nothing binds is Python's own."""
        for index in self._sources.bindings(module).get(chain[0], []):
            self._follow(module, index, chain)
        if chain[0] not in self._sources.bindings(module):
            for statement in self._sources.source(module)["statements"]:
                for star in statement["stars"]:
                    if is_local(star) and star in package_modules(star):
                        if chain[0] in self._sources.bindings(star) or self._has_stars(star):
                            self.use(star, chain)
                    elif not is_local(star):
                        self.installed.add(star.split(".")[0])

    def _has_stars(self, module: str) -> bool:
        return any(statement["stars"] for statement in self._sources.source(module)["statements"])

    def _import_target(self, target: str, attribute: str) -> None:
        if not is_local(target):
            self.installed.add(target.split(".")[0])
            return
        self._import(target)
        if attribute == "*":
            self.use(target, [])
        elif attribute and f"{target}.{attribute}" in package_modules(target):
            self._import(f"{target}.{attribute}")

    def _import(self, module: str) -> None:
        """What importing `module` does: statements that act, in it, its packages and what it imports."""
        parts = module.split(".")
        if parts[0] not in self.packages:
            self.packages.add(parts[0])
            self._meet(parts[0])
        for end in range(1, len(parts) + 1):
            name = ".".join(parts[:end])
            if name in self._imported or name not in package_modules(module):
                continue
            self._imported.add(name)
            for index in self._sources.acting(name):
                self._visit(name, index)
            for statement in self._sources.source(name)["statements"]:
                if statement["import"]:
                    for _, target, attribute in statement["imports"]:
                        if is_local(target):
                            self._import_target(target, attribute)
                    for star in statement["stars"]:
                        if is_local(star):
                            self._import_target(star, "")

    def _use_package(self, module: str) -> None:
        """All modules of the package, by text: nobody can tell which of them."""
        top_level = module.split(".")[0]
        for name in package_modules(module):
            whole = self._sources.source(name)["whole"]
            self.definitions[f"{name} (all of {top_level}, for a computed import)"] = whole
        root = package_root(top_level)
        assert root is not None
        self._use_files(root if root.is_dir() else root.parent)

    def _use_files(self, folder: Path) -> None:
        for name, file in files_below(folder):
            if file.suffix not in _NO_DATA and "__pycache__" not in file.parts:
                self.definitions[f"{FILE}{folder.name}/{name}"] = self._sources.digest(file)


def _below(module: str, chain: list[str]) -> tuple[str, list[str]] | None:
    """The module that `chain` leads to through folders without an `__init__.py`, and what is left of it."""
    for end in range(1, len(chain) + 1):
        name = ".".join([module, *chain[:end]])
        if name in package_modules(module):
            return name, chain[end:]
    return None
