"""Which stored versions a run takes of what it does not make itself."""

from typing import Any

from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from instruction_tuning.incremental.contents import current_version


def stored_inputs(pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> str:
    """Each with its version, a registered model with its digest; empty where nothing is from an earlier run.

    What has no versions is told elsewhere: raw data and base model in the line before (answer_source.py).
    """
    names = [name for name in sorted(pipeline.inputs()) if name in catalog]
    taken = {name: _versions(catalog.get(name)) for name in names}
    return "; ".join(f"{name} {', '.join(versions)}" for name, versions in taken.items() if versions)


def _versions(dataset: Any) -> list[str]:
    if hasattr(dataset, "taken_versions"):
        return list(dataset.taken_versions())
    version = current_version(dataset)
    return [] if version is None else [version]
