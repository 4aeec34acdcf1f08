"""The code behind a function: every definition that it can reach inside the project's own packages.

A walk over syntax trees, from definition to definition: names, imports (those inside functions too),
attributes of modules, base classes, decorators, defaults, registries, dotted names in texts. Nothing is
executed. Where it does not say what is used (`import_module` of a computed name, a module passed as a
value), all that it could be counts: running once too often is right, once too seldom a defect.

Seen as well: statements that act when a module is imported, files of the package that code which asks for
`__file__` or its like may read, and which installed packages are imported. What is not seen is told in
docs/incremental_runs.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instruction_tuning.code_digest import program_digest
from instruction_tuning.incremental.code_walk import CodeWalk
from instruction_tuning.incremental.file_digests import DigestCache, combined, file_state, files_below
from instruction_tuning.incremental.local_packages import is_local, package_modules, package_root
from instruction_tuning.incremental.source_index import ModuleSources


class UnreadableCodeError(Exception):
    """Code whose identity cannot be known; the node that uses it runs every time."""


@dataclass(frozen=True)
class Code:
    """What was reached: `definitions` by dotted name with their digests, and the installed packages used."""

    definitions: dict[str, str]
    installed: frozenset[str]


class CodeIndex:
    """Closures of definitions; module files are parsed once and remembered in `cache`."""

    def __init__(self, cache: DigestCache) -> None:
        self._cache = cache
        self._sources = ModuleSources(cache)
        self._closures: dict[tuple[str, str], Code] = {}
        self._states: dict[str, str | None] = {}

    def closure(self, module: str, name: str) -> Code:
        """The code behind the module-level `name`; an empty name means all of the module.

        Raises `UnreadableCodeError` for a module of this project without a file of its own.
        """
        key = (module, name)
        if key not in self._closures:
            if is_local(module):
                if module not in package_modules(module):
                    raise UnreadableCodeError(f"module {module} is not where its package lies")
                own = module.split(".")[0]
                self._package_state(own)
                known = self._cache.value(
                    "closure 6",
                    f"{module}:{name}",
                    lambda walked: self._state([own, *walked["packages"], *walked["installed"]]),
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
        folder = package_modules(module)[module].parent
        programs = {
            f"{folder.name}/{name}": str(self._cache.fact("program 1", file, program_digest))
            for name, file in files_below(folder)
            if file.suffix == ".py"
        }
        return Code(code.definitions | programs, code.installed)

    def _walked(self, module: str, name: str) -> dict[str, Any]:
        walk = CodeWalk(self._sources, self._package_state)
        if name:
            walk.use(module, [name])
        else:
            walk.use_whole(module)
        return {
            "definitions": dict(sorted(walk.definitions.items())),
            "installed": sorted(walk.installed),
            "packages": sorted(walk.packages),
        }

    def _state(self, packages: Iterable[str]) -> str:
        """Changes with any file of those of `packages` that are local, and with which of them are."""
        found = {name: state for name in packages if (state := self._package_state(name)) is not None}
        return combined(found)

    def _package_state(self, name: str) -> str | None:
        """As it was when first asked for: a file that changes during the walk is seen by the next run."""
        if name not in self._states:
            root = package_root(name)
            self._states[name] = None if root is None else self._folder_state(root)
        return self._states[name]

    @staticmethod
    def _folder_state(root: Path) -> str:
        files = files_below(root) if root.is_dir() else [(root.name, root)]
        return combined({name: file_state(file) for name, file in files if file.suffix != ".pyc"})
