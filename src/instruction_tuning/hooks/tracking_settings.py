"""conf/base/mlflow.yml, typed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.config import MissingConfigException
from kedro.framework.project import pipelines
from pydantic import BaseModel, ConfigDict

from instruction_tuning.datasets.registry_store import SQLITE
from instruction_tuning.hooks.parameter_names import check_model_names, check_names
from instruction_tuning.hooks.wrong_values import validated

MLFLOW_FILES = "conf/<env>/mlflow.yml"


class ModelTracking(BaseModel):
    """How one model data set is tracked; the names are data sets of the catalog."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    registered_name: str
    metrics: str
    training_log: str
    measured_on: str | None = None
    card: str | None = None  # the version's description, where it is made before the model is published


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


def read_tracking(config_loader: Mapping[str, Any]) -> TrackingSettings:
    """The settings of this environment, the defaults in a project without any.

    Raises `ConfigurationError` for a key that does not exist, is missing, or has a value that cannot be.
    """
    try:
        content = config_loader["mlflow"]
    except (KeyError, MissingConfigException):
        return TrackingSettings()
    check_model_names(content, TrackingSettings, path="mlflow", file=MLFLOW_FILES)
    models = content.get("models")
    if isinstance(models, Mapping):
        _check_models(models)
    return validated(
        TrackingSettings,
        content,
        what="the settings for MLflow",
        files=MLFLOW_FILES,
        explained_in="conf/base/mlflow.yml",
    )


def _check_models(models: Mapping[str, Any]) -> None:
    """A model by a wrong name would be registered by nobody, without a word."""
    made = {name for pipeline in dict(pipelines).values() for name in pipeline.all_outputs()}
    if made:  # none outside a project
        check_names(models, made, path="mlflow.models", file=MLFLOW_FILES)
    for name, model in models.items():
        if isinstance(model, Mapping):
            check_model_names(model, ModelTracking, path=f"mlflow.models.{name}", file=MLFLOW_FILES)
