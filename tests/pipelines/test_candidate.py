"""`--params=candidate=models:/sft-model/1` after a run: that version is judged, nothing else changes."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from warm_processes import run_kedro

pytestmark = pytest.mark.slow

# What docs/mlflow.md says of an evaluation: these tags, and the card as the description.
VERDICT_TAGS = {"validation_status", "verdict_reasons", "incumbent"}


def registry(client: Any) -> dict[str, tuple[list[str], dict[str, str], str]]:
    """Aliases, tags and description of every version."""
    found = {}
    for model in client.search_registered_models():
        for known in client.search_model_versions(f"name='{model.name}'"):
            version = client.get_model_version(known.name, known.version)
            name = f"{version.name}/{version.version}"
            found[name] = (sorted(version.aliases), dict(version.tags), version.description)
    return found


def test_a_registered_version_is_judged_anew_and_nothing_is_trained(
    finished_run: Any, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    project = Path(shutil.copytree(finished_run.project, tmp_path / "copy"))
    store = f"sqlite:///{project / 'mlflow.db'}"
    client = MlflowClient(store)
    before, models = registry(client), sorted((project / "data/06_models").glob("*/*"))
    assert {"sft-model/1", "reward-model/1"} <= before.keys()

    parameters = "candidate=models:/sft-model/1,evaluation.alpha=0.01"
    environment = os.environ | {"MLFLOW_TRACKING_URI": store, "PYTHONPATH": str(project / "src")}
    done = run_kedro("run", "--env=test", f"--params={parameters}", cwd=project, env=environment)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Verdict on models:/sft-model/1 against the base: " in done.stdout
    printed = done.stdout + done.stderr
    assert "run   evaluation.judge_candidate" in printed
    assert "sft.fine_tune_base_model" not in printed and "listens on" not in printed

    after = registry(client)
    assert after.keys() == before.keys()
    assert sorted((project / "data/06_models").glob("*/*")) == models
    for name, (aliases, tags, description) in after.items():
        old_aliases, old_tags, old_description = before[name]
        assert aliases == old_aliases
        changed = {key for key in tags.keys() | old_tags.keys() if tags.get(key) != old_tags.get(key)}
        if name == "sft-model/1":
            assert changed <= VERDICT_TAGS and tags.keys() >= VERDICT_TAGS
            assert "level 0.01" in description and "level 0.01" not in old_description
        else:
            assert (changed, description) == (set(), old_description)
