"""Where the versions of each data set lie: `<filepath>/<version>/<name>`, as the catalog has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class DataStore:
    """The versioned data sets of a project on this disk; `places` is the `filepath` of each."""

    project: Path
    places: Mapping[str, Path]

    @classmethod
    def of(cls, catalog: Mapping[str, Any], project: Path) -> "DataStore":
        """From the catalog's configuration; what has no versions, or lies elsewhere, is left out."""
        places = {
            name: project / entry["filepath"]
            for name, entry in catalog.items()
            if isinstance(entry, Mapping) and entry.get("versioned") and "://" not in str(entry["filepath"])
        }
        return cls(project, dict(sorted(places.items())))

    @property
    def data(self) -> Path:
        """The folder that all of it lies in."""
        return self.project / "data"

    def versions(self, name: str) -> list[str]:
        """From the oldest to the newest."""
        place = self.places[name]
        if not place.is_dir():
            return []
        return sorted(entry.name for entry in place.iterdir() if (entry / place.name).exists())

    def newest(self, name: str) -> str | None:
        """The version that the next run would load."""
        return max(self.versions(name), default=None) if name in self.places else None

    def path(self, name: str, version: str | None) -> Path | None:
        """The file or folder of one version; null where it is gone or never was."""
        if version is None or name not in self.places:
            return None
        place = self.places[name]
        found = place / version / place.name
        return found if found.exists() else None
