"""The project's logging, wherever in the project the user stands."""

import os
from pathlib import Path

LOGGING_VARIABLE = "KEDRO_LOGGING_CONFIG"


def use_project_logging(here: Path) -> None:
    """Apply conf/logging.yml of the project around `here`.

    Kedro finds the project from a subfolder, but looks for conf/logging.yml in the subfolder alone, and
    falls back on tables that wrap at 80 columns. A file that the user names in the environment holds.
    """
    import yaml
    from kedro.framework.project import LOGGING
    from kedro.utils import find_kedro_project

    project = find_kedro_project(here)
    if project is None or Path(project) == here or LOGGING_VARIABLE in os.environ:
        return
    file = Path(project) / "conf" / "logging.yml"
    if file.is_file():
        LOGGING.configure(yaml.safe_load(file.read_text(encoding="utf-8")))
