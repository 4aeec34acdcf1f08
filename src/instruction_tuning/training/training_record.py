"""How a model was trained, kept beside its weights: the loss curve and the metrics go where the model goes.

`training_log.csv` and `training_metrics.json` are not among the files that a model folder's digest covers.
"""

import json
import os
from pathlib import Path

import pandas as pd

from instruction_tuning.lm.model_folder import ModelFolder

LOG_FILE, METRICS_FILE = "training_log.csv", "training_metrics.json"
LOG_COLUMNS = ("step", "epoch", "loss", "learning_rate", "tokens_seen")


def write_training_record(model: ModelFolder, log: pd.DataFrame, metrics: dict[str, float]) -> ModelFolder:
    """Put both files into the folder of `model`, each by one rename; returns `model`."""
    texts = {
        LOG_FILE: log.to_csv(index=False, lineterminator="\n"),
        METRICS_FILE: json.dumps(metrics, indent=2) + "\n",
    }
    for name, text in texts.items():
        part = model.path / f"{name}.part"
        part.write_text(text, encoding="utf-8", newline="\n")
        os.replace(part, model.path / name)
    return model


def read_training_record(model: ModelFolder) -> tuple[pd.DataFrame, dict[str, float]]:
    """(log, metrics) of `model`; both empty for a model from elsewhere, which has no such files."""
    log_file, metrics_file = model.path / LOG_FILE, model.path / METRICS_FILE
    log = pd.read_csv(log_file) if log_file.is_file() else pd.DataFrame(columns=list(LOG_COLUMNS))
    return log, _read_metrics(metrics_file)


def _read_metrics(file: Path) -> dict[str, float]:
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}
