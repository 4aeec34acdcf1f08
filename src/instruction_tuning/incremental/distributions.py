"""Versions of installed packages: another release of a library can alter what a node makes."""

import re
import sys
from functools import cached_property, lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from instruction_tuning.incremental.file_digests import DigestCache

_INSTALLED = ("site-packages", "dist-packages")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


class Distributions:
    """Versions by top-level module, with all that a distribution requires; remembered in `cache`."""

    def __init__(self, cache: DigestCache) -> None:
        self._cache = cache

    def versions(self, top_level_modules: frozenset[str]) -> dict[str, str]:
        """Distribution to version for `top_level_modules` and what they need; Python's own have none."""
        by_module, table = self._installed["modules"], self._installed["distributions"]
        waiting = [name for module in top_level_modules for name in by_module.get(module, ())]
        found: dict[str, str] = {}
        while waiting:
            name = waiting.pop()
            if name in table and name not in found:
                found[name] = table[name]["version"]
                waiting += table[name]["requires"]
        return dict(sorted(found.items()))

    @cached_property
    def _installed(self) -> dict[str, Any]:
        folders = [Path(place) for place in dict.fromkeys(sys.path) if place.endswith(_INSTALLED)]
        # Installing and removing changes the folder's time: every distribution has a folder of its own in it.
        state = "|".join(
            f"{folder.name}:{folder.stat().st_mtime_ns}" for folder in folders if folder.is_dir()
        )
        installed = self._cache.value(
            "distributions 1", sys.prefix, lambda _: state, lambda: _read_installed(state)
        )
        assert isinstance(installed, dict)
        return installed


@lru_cache(maxsize=1)
def _read_installed(_state: str) -> dict[str, Any]:
    table: dict[str, dict[str, Any]] = {}
    for distribution in metadata.distributions():
        name = _normal(distribution.metadata["Name"] or "")
        requires = [
            _normal(match.group(1))
            for requirement in distribution.requires or ()
            if "extra ==" not in requirement and (match := _REQUIREMENT.match(requirement))
        ]
        table.setdefault(name, {"version": distribution.version, "requires": requires})
    modules = {
        module: sorted({_normal(name) for name in names})
        for module, names in metadata.packages_distributions().items()
    }
    return {"distributions": table, "modules": modules}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
