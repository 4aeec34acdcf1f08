"""conf/*/mlflow.yml with something wrong in it."""

from pathlib import Path

import pytest
import yaml

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.hooks.tracking_settings import TrackingSettings, read_tracking

MODEL = {"registered_name": "sft-model", "metrics": "sft_metrics", "training_log": "sft_training_log"}


def test_the_projects_own_settings_are_right(project_path: Path):
    file = project_path / "conf/base/mlflow.yml"
    settings = read_tracking({"mlflow": yaml.safe_load(file.read_text(encoding="utf-8"))})
    assert set(settings.models) == {"sft_model", "reward_model", "backtranslated_model"}


def test_a_project_without_any_gets_the_defaults():
    assert read_tracking({}) == TrackingSettings()


@pytest.mark.parametrize(
    ("content", "wrong", "fix"),
    [
        ({"trackin_uri": "x"}, "mlflow.trackin_uri", "did you mean `tracking_uri`"),
        (
            {"models": {"sft_model": MODEL | {"metrcs": "m"}}},
            "mlflow.models.sft_model.metrcs",
            "did you mean `metrics`",
        ),
        ({"models": {"sft_model": {"metrics": "m"}}}, "models.sft_model.registered_name", "correct it"),
        ({"experiment": ["a"]}, "experiment", "correct it"),
        ({"models": "sft_model"}, "models", "correct it"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_fix(content, wrong, fix):
    with pytest.raises(ConfigurationError) as caught:
        read_tracking({"mlflow": content})
    text = str(caught.value)
    assert f"`{wrong}`" in text and "conf/<env>/mlflow.yml" in text and fix in text
