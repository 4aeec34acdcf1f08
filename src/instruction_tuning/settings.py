"""Kedro's settings of this project. https://docs.kedro.org/en/stable/configure/"""

import os
import sys
from pathlib import Path

from instruction_tuning import early_interrupt  # noqa: F401
from instruction_tuning.config_layers import LayeredConfigLoader
from instruction_tuning.hooks import PROJECT_HOOKS
from instruction_tuning.hooks.project_logging import use_project_logging

# Nothing is sent anywhere; set before any of the libraries that read these is imported.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# MLflow sets up its own handlers when it is imported, whatever conf/logging.yml says.
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")

if not sys.stderr.isatty():
    # In a file, a progress bar is one endless line; this project's own long loops write plain lines there.
    os.environ.setdefault("TQDM_DISABLE", "1")

use_project_logging(Path.cwd())

HOOKS = PROJECT_HOOKS
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)

# conf/base, then the environment that is named, then conf/local: a user's machine settings always hold.
CONFIG_LOADER_CLASS = LayeredConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # Tests rely on these: a developer's teacher or base model must not change what they find, nor be paid.
    "sealed_environments": ("base", "test"),
    # An environment states what differs; the rest of a section stays as it is in conf/base.
    "merge_strategy": {"parameters": "soft", "globals": "soft", "mlflow": "soft"},
    "config_patterns": {"mlflow": ["mlflow*"]},
}
