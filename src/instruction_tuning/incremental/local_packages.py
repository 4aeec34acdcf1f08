"""Which modules are this project's own, by where they lie: their code is read, all others have a version."""

import sys
import sysconfig
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path

_INSTALLED = {"site-packages", "dist-packages"}


@cache
def package_root(top_level: str) -> Path | None:
    """The folder or the single file of a top-level module that is neither installed nor Python's own."""
    if top_level in sys.builtin_module_names or top_level in sys.stdlib_module_names:
        return None
    loaded = sys.modules.get(top_level)
    origin = getattr(loaded, "__file__", None)
    locations = list(getattr(loaded, "__path__", []))
    if loaded is None:
        spec = PathFinder.find_spec(top_level)
        origin = None if spec is None else spec.origin
        locations = [] if spec is None else list(spec.submodule_search_locations or [])
    place = locations[0] if locations else origin
    if place is None or (not place.endswith(".py") and not locations):
        return None
    path = Path(place)
    standard = Path(sysconfig.get_path("stdlib"))
    if _INSTALLED & set(path.parts) or path.is_relative_to(standard):
        return None
    return path


@cache
def modules_of(top_level: str) -> dict[str, Path]:
    """Every module of a local package and its file, packages by their `__init__.py`."""
    root = package_root(top_level)
    if root is None:
        return {}
    if root.is_file():
        return {top_level: root}
    modules = {}
    for file in sorted(root.rglob("*.py")):
        parts = [top_level, *file.relative_to(root).with_suffix("").parts]
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return modules


def is_local(module: str) -> bool:
    """Whether dotted `module` lies in a package of this project's own."""
    return package_root(module.split(".")[0]) is not None


def package_modules(module: str) -> dict[str, Path]:
    """Every module of the package that dotted `module` lies in."""
    return modules_of(module.split(".")[0])


def forget() -> None:
    """Look again: files may have come or gone since."""
    package_root.cache_clear()
    modules_of.cache_clear()
