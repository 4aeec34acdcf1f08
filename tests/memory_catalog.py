"""Pipelines run in this process with all that they make kept in memory; their log is for people to read."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner

PROJECT_LOGGER = logging.getLogger("instruction_tuning")


class Kept(MemoryDataset):
    """Not given up when the last node that takes it has run."""

    def _release(self) -> None:
        pass


class ContainerLines(logging.Handler):
    """The lines that print a Python container where words should be."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        values = record.args if isinstance(record.args, tuple) else [record.args]
        if any(isinstance(value, dict | list | set | tuple) for value in values):
            self.found.append(record.getMessage())


@contextmanager
def log_in_words() -> Iterator[None]:
    """Fails where a line of this project's log prints a dictionary, a list or a set."""
    lines, level = ContainerLines(), PROJECT_LOGGER.level
    PROJECT_LOGGER.addHandler(lines)
    PROJECT_LOGGER.setLevel(logging.INFO)
    try:
        yield
    finally:
        PROJECT_LOGGER.setLevel(level)
        PROJECT_LOGGER.removeHandler(lines)
    assert not lines.found


def run_in_memory(pipeline: Pipeline, given: dict[str, Any]) -> DataCatalog:
    """The catalog after `pipeline`, with the inputs `given`, of which it need not take all."""
    names = {name: Kept(value, copy_mode="assign") for name, value in given.items()}
    names |= {name: Kept(copy_mode="assign") for name in pipeline.all_outputs()}
    catalog = DataCatalog({name: names[name] for name in pipeline.datasets()})
    with log_in_words():
        SequentialRunner().run(pipeline, catalog)
    return catalog
