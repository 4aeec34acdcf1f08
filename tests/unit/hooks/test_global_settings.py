"""Wrong keys and values in conf/*/globals.yml stop the run in plain words."""

from typing import Any

import pytest
import yaml

from instruction_tuning.config_layers import LayeredConfigLoader
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.hooks.global_settings import read_globals
from instruction_tuning.settings import CONFIG_LOADER_ARGS


def read(project_path, tmp_path, local: dict[str, Any]):
    """As a run would: conf/base of this project and a conf/local of the test's own."""
    for name in ("base", "local"):
        (tmp_path / name).mkdir()
    base = (project_path / "conf/base/globals.yml").read_text(encoding="utf-8")
    (tmp_path / "base" / "globals.yml").write_text(base, encoding="utf-8")
    (tmp_path / "local" / "globals.yml").write_text(yaml.safe_dump(local), encoding="utf-8")
    return read_globals(LayeredConfigLoader(str(tmp_path), **CONFIG_LOADER_ARGS))


def test_an_endpoint_of_ones_own_is_read(project_path, tmp_path):
    teacher = {"base_url": "http://127.0.0.1:8000/v1", "model": "m", "api_key_env": "MY_KEY"}
    settings = read(project_path, tmp_path, {"teacher": teacher})
    assert settings is not None
    assert (settings.teacher.base_url, settings.teacher.port) == ("http://127.0.0.1:8000/v1", 0)


JUDGE = {"base_url": "http://127.0.0.1:8001/v1", "model": "j"}
PRICES = {"price_per_million_input_tokens": 1.0, "price_per_million_output_tokens": 2.0}


def test_a_judge_of_ones_own_is_read_and_none_is_the_teacher(project_path, tmp_path):
    settings = read(project_path, tmp_path, {"judge": {**JUDGE, **PRICES}})
    assert settings is not None and settings.judge is not None
    assert (settings.judge.model, settings.judge.timeout_seconds) == ("j", 60.0)
    assert settings.teacher.base_url == "microworld"


def test_other_teachers_are_read_and_may_be_model_folders(project_path, tmp_path):
    folder = {"base_url": "local:path/to/model", "model": "mine", **PRICES}
    settings = read(project_path, tmp_path, {"other_teachers": [{**JUDGE, **PRICES}, folder]})
    assert settings is not None
    assert [other.model for other in settings.other_teachers] == ["j", "mine"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"other_teachers": [JUDGE]}, "price_per_million_input_tokens"),
        ({"other_teachers": [{**JUDGE, **PRICES, "base_url": "local:"}]}, "folder of a model"),
        ({"judge": JUDGE}, r"`judge\.price_per_million_input_tokens`"),
        ({"judge": {**JUDGE, **PRICES, "base_ulr": "x"}}, "did you mean `base_url`"),
        ({"judge": {**JUDGE, **PRICES, "port": 1}}, r"`globals\.judge\.port`"),
        ({"teacher": {"base_ulr": "http://h/v1"}}, r"`globals\.teacher\.base_ulr`(.|\n)*mean `base_url`"),
        ({"teacher": {"api_key_evn": "KEY"}}, "did you mean `api_key_env`"),
        ({"raw_dta": "x"}, "did you mean `raw_data`"),
        ({"teacher": {"port": "abc"}}, r"`teacher\.port`: .*integer.* not `abc`"),
        ({"teacher": {"port": 70000}}, r"`teacher\.port`: .*65535"),
        ({"teacher": "microworld"}, "`teacher`"),
        (
            {"teacher": {"base_url": "mircoworld"}},
            r"`teacher\.base_url`: should be `microworld` or",
        ),
        ({"teacher": {"timeout_seconds": 0}}, r"`teacher\.timeout_seconds`: .*greater than 0"),
    ],
)
def test_a_wrong_key_or_value_is_named_with_the_way_out(project_path, tmp_path, wrong, said):
    with pytest.raises(ConfigurationError, match=said) as caught:
        read(project_path, tmp_path, wrong)
    assert "fix:" in str(caught.value)
    assert "globals.yml" in str(caught.value)


@pytest.mark.parametrize("endpoint", ["teacher", "judge"])
@pytest.mark.parametrize(
    "wrong",
    [{"api_key_env": "sk-proj-abcdefgh"}, {"base_url": "http://me:sk-proj-abcdefgh@host/v1"}],
)
def test_a_key_put_in_the_wrong_place_is_not_repeated(project_path, tmp_path, endpoint, wrong):
    with pytest.raises(ConfigurationError, match="api_key_env") as caught:
        read(project_path, tmp_path, {endpoint: {**(JUDGE | PRICES if endpoint == "judge" else {}), **wrong}})
    assert "abcdefgh" not in str(caught.value)


def test_a_project_without_globals_passes():
    assert read_globals({}) is None
