"""What modules say, by statement and by name, read once from their files."""

from pathlib import Path
from typing import Any

from instruction_tuning.incremental.file_digests import DigestCache
from instruction_tuning.incremental.import_effects import ImportEffects
from instruction_tuning.incremental.local_packages import is_local, package_modules
from instruction_tuning.incremental.module_source import read_module


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
                f"source 5 {module}", file, lambda path: read_module(path, module, is_package)
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

    def bound_to(self, module: str, name: str) -> list[dict[str, Any]]:
        """The statements that give `name` of `module` its value, in whichever module they stand."""
        return self._effects.bound_to(module, name)

    def digest(self, file: Path) -> str:
        """Of a file that is no module."""
        return self._cache.digest(file)[:16]
