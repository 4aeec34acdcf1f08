"""conf/base/mlflow.yml, typed."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from instruction_tuning.datasets.registry_store import SQLITE


class ModelTracking(BaseModel):
    """How one model data set is tracked; the names are data sets of the catalog."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    registered_name: str
    metrics: str
    training_log: str
    measured_on: str | None = None


class TrackingSettings(BaseModel):
    """Which store, which experiment, which models."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tracking_uri: str = "sqlite:///mlflow.db"
    experiment: str = "instruction-tuning"
    models: dict[str, ModelTracking] = {}

    def store(self, project_path: Path) -> str:
        """`tracking_uri`, a relative sqlite path taken from the project folder."""
        path = self.tracking_uri.removeprefix(SQLITE)
        if self.tracking_uri.startswith(SQLITE) and not Path(path).is_absolute():
            return f"{SQLITE}{(project_path / path).as_posix()}"
        return self.tracking_uri
