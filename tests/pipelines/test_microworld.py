"""The committed microworld is what its pipeline writes, byte for byte."""

import hashlib
import os
import shutil
from pathlib import Path

from warm_processes import run_kedro


def _digests(folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_pipeline_writes_the_committed_files_again(project_path: Path, tmp_path: Path) -> None:
    for name in ("conf", "src"):
        shutil.copytree(project_path / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(project_path / name, tmp_path / name)
    environment = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}"}
    done = run_kedro("run", "--pipeline=microworld", cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    committed = _digests(project_path / "data/01_raw/microworld")
    assert committed
    assert _digests(tmp_path / "data/01_raw/microworld") == committed
