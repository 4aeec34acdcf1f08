"""One MLflow run, written through the client, so that nothing depends on a thread's active run."""

import math
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instruction_tuning.hooks.data_versions import DataVersion, as_mlflow_input
from instruction_tuning.hooks.redaction import redact
from instruction_tuning.incremental.reasons import flatten

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient

MAX_PARAMETER_CHARACTERS = 250
_BATCH_ITEMS = 100
_METRIC_BATCH_ITEMS = 1000


class TrackedRun:
    """Parameters, metrics, inputs, artifacts and the end of one run."""

    def __init__(self, client: "MlflowClient", run_id: str) -> None:
        self.client = client
        self.run_id = run_id
        self._inputs: set[tuple[str, str]] = set()

    @classmethod
    def start(
        cls,
        client: "MlflowClient",
        experiment_id: str,
        name: str,
        tags: Mapping[str, str],
        parent: str | None = None,
    ) -> "TrackedRun":
        """Open a run; with `parent` it is drawn below that one."""
        all_tags = {**tags, **({"mlflow.parentRunId": parent} if parent else {})}
        run = client.create_run(experiment_id, run_name=name, tags=all_tags)
        return cls(client, run.info.run_id)

    def log_parameters(self, parameters: Mapping[str, object]) -> None:
        """Nested parameters, one flat key each; secrets blanked, long values cut."""
        from mlflow.entities import Param

        flat = flatten(parameters)
        params = [
            Param(key, redact(key, str(value))[:MAX_PARAMETER_CHARACTERS]) for key, value in flat.items()
        ]
        for start in range(0, len(params), _BATCH_ITEMS):
            self.client.log_batch(self.run_id, params=params[start : start + _BATCH_ITEMS])

    def log_metrics(
        self,
        metrics: Mapping[str, Any],
        *,
        model_id: str | None = None,
        measured_on: DataVersion | None = None,
    ) -> None:
        """Flat numbers; tied to a logged model and to the data that it was measured on, where given."""
        self._log_metric_entities(
            self._metric(key, value, 0, model_id, measured_on)
            for key, value in metrics.items()
            if _is_number(value)
        )

    def log_steps(self, log: "pd.DataFrame") -> None:
        """A training log: a point a step for every numeric column but `step`."""
        names = [name for name in log.columns if name != "step"]
        self._log_metric_entities(
            self._metric(name, row[name], int(row["step"]), None, None)
            for row in log.to_dict(orient="records")
            for name in names
            if _is_number(row[name])
        )

    def log_input(self, version: DataVersion, *, context: str) -> None:
        """A data set that went in; the same one only once."""
        if (version.name, version.digest) not in self._inputs:
            self._inputs.add((version.name, version.digest))
            self.client.log_inputs(self.run_id, datasets=[as_mlflow_input(version, context=context)])

    def log_file(self, path: Path, folder: str) -> None:
        """A file, shown under `folder` among the run's artifacts."""
        self.client.log_artifact(self.run_id, str(path), artifact_path=folder)

    def log_json(self, content: Mapping[str, Any], file: str) -> None:
        """A small JSON file among the run's artifacts."""
        self.client.log_dict(self.run_id, dict(content), file)

    def log_text(self, text: str, file: str) -> None:
        """A small text file among the run's artifacts."""
        self.client.log_text(self.run_id, text, file)

    def set_tag(self, key: str, value: str) -> None:
        """A tag, secrets blanked."""
        self.client.set_tag(self.run_id, key, redact(key, value))

    def end(self, status: str) -> None:
        """FINISHED, FAILED or KILLED."""
        self.client.set_terminated(self.run_id, status=status)

    def _metric(
        self, key: str, value: Any, step: int, model_id: str | None, measured_on: DataVersion | None
    ) -> Any:
        from mlflow.entities import Metric

        return Metric(
            key=key,
            value=float(value),
            timestamp=_now_ms(),
            step=step,
            model_id=model_id,
            dataset_name=measured_on.name if measured_on else None,
            dataset_digest=measured_on.digest if measured_on else None,
            run_id=self.run_id,
        )

    def _log_metric_entities(self, metrics: Iterable[Any]) -> None:
        listed = list(metrics)
        for start in range(0, len(listed), _METRIC_BATCH_ITEMS):
            self.client.log_batch(self.run_id, metrics=listed[start : start + _METRIC_BATCH_ITEMS])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _now_ms() -> int:
    return int(time.time() * 1000)
