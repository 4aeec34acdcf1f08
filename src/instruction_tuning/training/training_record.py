"""How a model was trained, kept beside its weights: loss curve, metrics, what it was trained on, its card.

`training_log.csv`, `training_metrics.json`, `training_data.json` and `README.md` go where the model goes;
they are not among the files that a model folder's digest covers.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from instruction_tuning.lm.model_folder import ModelFolder

LOG_FILE, METRICS_FILE = "training_log.csv", "training_metrics.json"
DATA_FILE, CARD_FILE = "training_data.json", "README.md"
LOG_COLUMNS = ("step", "epoch", "loss", "learning_rate", "tokens_seen")


def write_training_record(model: ModelFolder, log: pd.DataFrame, metrics: dict[str, float]) -> ModelFolder:
    """Put log and metrics into the folder of `model`, each by one rename; returns `model`."""
    _write(model, LOG_FILE, log.to_csv(index=False, lineterminator="\n"))
    _write(model, METRICS_FILE, json.dumps(metrics, indent=2) + "\n")
    return model


def write_training_data(model: ModelFolder, facts: Mapping[str, Any]) -> ModelFolder:
    """Put what `model` was trained on (see mixture.training_data) into its folder; returns `model`."""
    _write(model, DATA_FILE, json.dumps(dict(facts), indent=2, ensure_ascii=False) + "\n")
    return model


def write_card(model: ModelFolder, card: str) -> ModelFolder:
    """Put the Markdown `card` into the folder of `model`; returns `model`."""
    _write(model, CARD_FILE, card)
    return model


def read_training_record(model: ModelFolder) -> tuple[pd.DataFrame, dict[str, float]]:
    """(log, metrics) of `model`; both empty for a model from elsewhere, which has no such files."""
    log_file, metrics_file = model.path / LOG_FILE, model.path / METRICS_FILE
    log = pd.read_csv(log_file) if log_file.is_file() else pd.DataFrame(columns=list(LOG_COLUMNS))
    return log, _read_metrics(metrics_file)


def read_training_data(model: ModelFolder) -> dict[str, Any]:
    """What `model` was trained on; empty for a model from elsewhere."""
    file = model.path / DATA_FILE
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def _write(model: ModelFolder, name: str, text: str) -> None:
    part = model.path / f"{name}.part"
    part.write_text(text, encoding="utf-8", newline="\n")
    os.replace(part, model.path / name)


def _read_metrics(file: Path) -> dict[str, float]:
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}
