"""The walk from a definition to every other one that it reaches, statement by statement."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from instruction_tuning.incremental.file_digests import files_below
from instruction_tuning.incremental.local_packages import is_local, package_modules, package_root
from instruction_tuning.incremental.module_source import FILE_NAMES
from instruction_tuning.incremental.source_index import ModuleSources

# Before the name of what is no code, among the definitions.
FILE = "file "
_NO_DATA = (".py", ".pyc", ".pyi", ".so")
# A module that binds this name runs code that was written without its package, such as a model's programs.
RUNS_STRANGERS = "RUNS_STRANGERS_CODE_ONLY"


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
            # Whoever has a package at hand has its modules.
            for name in package_modules(module):
                if name == module or name.startswith(f"{module}."):
                    self.use_whole(name)
            return
        if chain[0] in FILE_NAMES:
            self._use_own_files(module, None)
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
        if statement["dynamic"]:
            self._use_package(module)
        if statement["package_files"]:
            self._use_package_files(module)
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
            self._use_own_files(module, statement["places"])
        if self._may_read_elsewhere(module, statement):
            self._use_package_files(module)
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
        if RUNS_STRANGERS in self._sources.bindings(module):
            return
        top_level = module.split(".")[0]
        for name in package_modules(module):
            whole = self._sources.source(name)["whole"]
            self.definitions[f"{name} (all of {top_level}, for a computed import)"] = whole
        self._use_package_files(module)

    def _may_read_elsewhere(self, module: str, statement: dict[str, Any]) -> bool:
        """Whether `statement` may read files of the package that lie outside of its own folder."""
        if statement["package_files"]:
            return True
        if statement["places"] is not None:
            return False
        if statement["files"] and statement["ups"] > 1:
            return True
        statements, bindings = self._sources.source(module)["statements"], self._sources.bindings(module)
        imported = {alias for alias, _, _ in statement["imports"]}
        for root, *rest in (chain.split(".") for chain in statement["chains"]):
            is_module = root in imported or any(statements[i]["import"] for i in bindings.get(root, []))
            if not is_module and not FILE_NAMES.isdisjoint(rest):
                return True  # the file of nobody knows which module
            if statement["ups"] and any(one["files"] for one in self._sources.bound_to(module, root)):
                return True
        return False

    def _use_own_files(self, module: str, places: list[tuple[int, str]] | None) -> None:
        """What paths from the module's own file lead to, its folder where that is not told."""
        above = package_modules(module)[module].parents
        for ups, below in places or [(1, "")]:
            # A path that leads out of the package is not followed.
            if ups <= len(above) and (place := above[ups - 1] / below).is_relative_to(_folder(module)):
                self._use_files(module, place)

    def _use_package_files(self, module: str) -> None:
        self._use_files(module, _folder(module))

    def _use_files(self, module: str, place: Path) -> None:
        files = [file for _, file in files_below(place)] if place.is_dir() else [place] * place.is_file()
        for file in files:
            if file.suffix not in _NO_DATA and "__pycache__" not in file.parts:
                name = file.relative_to(_folder(module).parent).as_posix()
                self.definitions[f"{FILE}{name}"] = self._sources.digest(file)


def _folder(module: str) -> Path:
    root = package_root(module.split(".")[0])
    assert root is not None
    return root if root.is_dir() else root.parent


def _below(module: str, chain: list[str]) -> tuple[str, list[str]] | None:
    """The module that `chain` leads to through folders without an `__init__.py`, and what is left of it."""
    for end in range(1, len(chain) + 1):
        name = ".".join([module, *chain[:end]])
        if name in package_modules(module):
            return name, chain[end:]
    return None
