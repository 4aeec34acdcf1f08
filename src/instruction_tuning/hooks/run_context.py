"""What the parts of tracking share about the run at hand."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from instruction_tuning.datasets.registry_client import wait_as_before, wait_no_longer_for_the_silent
from instruction_tuning.hooks.data_versions import DataVersion, stored_version
from instruction_tuning.hooks.redaction import redact_text
from instruction_tuning.hooks.tracked_run import TrackedRun
from instruction_tuning.hooks.tracking_settings import TrackingSettings
from instruction_tuning.incremental.live import IncrementalRun

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunContext:
    """One `kedro run`: where it is tracked, what it runs, and the data versions that it has met so far."""

    client: "MlflowClient"
    experiment_id: str
    settings: TrackingSettings
    parent: TrackedRun
    pipeline: Pipeline
    catalog: CatalogProtocol[Any, Any]
    tags: dict[str, str]
    candidate: str | None
    incremental: IncrementalRun | None = None
    data: dict[str, DataVersion] = field(default_factory=dict)

    def parameters(self, names: Iterable[str]) -> dict[str, Any]:
        """The values of those of `names` that are parameters."""
        keys = sorted(name for name in names if name.startswith("params:"))
        return {key.removeprefix("params:"): self.catalog.load(key) for key in keys}

    def version_of(self, name: str) -> DataVersion | None:
        """The version of a data set that this run loaded, saved or took from an earlier run."""
        if name in self.data or name.startswith("params:") or name not in self.catalog:
            return self.data.get(name)
        # Apart from what was met: a data set may be looked up here before a node loads or saves it.
        return stored_version(name, self.catalog.get(name))

    def upstream(self, dataset: str) -> dict[str, DataVersion]:
        """The versions that `dataset` was made from, in this run or before it, and its own."""
        nodes = self.pipeline.to_outputs(dataset).nodes
        names = {dataset, *(name for node in nodes for name in node.inputs)}
        versions = {name: self.version_of(name) for name in sorted(names)}
        return {name: version for name, version in versions.items() if version is not None}

    def leave_unfinished(self, dataset: str, reason: str) -> None:
        """Have the node that makes `dataset` run again next time."""
        if self.incremental is not None:
            self.incremental.leave_unfinished(dataset, reason)


@contextmanager
def mirrored(what: str) -> Iterator[None]:
    """Turn any failure into a warning: tracking must not cost a finished training."""
    try:
        yield
    except Exception as error:
        logger.warning(
            "MLflow has no record of %s (%s: %s); the run goes on",
            what,
            type(error).__name__,
            redact_text(str(error)),
        )
        logger.debug("the failure in full", exc_info=True)
        wait_no_longer_for_the_silent()
    else:
        wait_as_before()
