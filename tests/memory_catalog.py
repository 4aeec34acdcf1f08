"""Pipelines run in this process with all that they make kept in memory."""

from typing import Any

from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner


class Kept(MemoryDataset):
    """Not given up when the last node that takes it has run."""

    def _release(self) -> None:
        pass


def run_in_memory(pipeline: Pipeline, given: dict[str, Any]) -> DataCatalog:
    """The catalog after `pipeline`, with the inputs `given`, of which it need not take all."""
    names = {name: Kept(value, copy_mode="assign") for name, value in given.items()}
    names |= {name: Kept(copy_mode="assign") for name in pipeline.all_outputs()}
    catalog = DataCatalog({name: names[name] for name in pipeline.datasets()})
    SequentialRunner().run(pipeline, catalog)
    return catalog
