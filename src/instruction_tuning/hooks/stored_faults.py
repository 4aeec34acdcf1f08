"""A frame that an earlier run stored and that does not fit its schema: where it lies, what makes it again."""

from pathlib import Path
from typing import Any

from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol
from kedro.validation.exceptions import DataValidationError

from instruction_tuning.errors import InputError
from instruction_tuning.hooks.schema_faults import schema_fault
from instruction_tuning.incremental.contents import is_versioned, stored_place


def stored_fault(error: DataValidationError, catalog: CatalogProtocol[Any, Any]) -> InputError | None:
    """The fault of what `catalog` loaded; null for one of what a node has made, which is the node's."""
    name = error.dataset_name
    if error.mode != "load" or name is None or name not in catalog:
        return None
    dataset = catalog[name]
    place = stored_place(dataset)
    if place is None:
        return None
    fault = schema_fault(name, Path(place), error)
    maker = _maker(name)
    if maker is None:
        return fault
    others = f", or take another version: --load-versions={name}:<version>" if is_versioned(dataset) else ""
    return InputError(
        fault.problem,
        file=fault.file,
        record=fault.record,
        field=fault.field,
        fix=f"make it again: kedro run --pipeline={maker}{others}",
    )


def _maker(name: str) -> str | None:
    """The smallest of the registered pipelines that make `name`."""
    makers = [one for one, made in pipelines.items() if one != "__default__" and name in made.all_outputs()]
    return min(makers, key=lambda one: len(pipelines[one].nodes), default=None)
