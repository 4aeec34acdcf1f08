"""Which of conf/base, the named environment and conf/local holds."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from kedro.config import MissingConfigException

from instruction_tuning.config_layers import LayeredConfigLoader
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.settings import CONFIG_LOADER_ARGS, CONFIG_LOADER_CLASS

FILES: dict[str, dict[str, Any]] = {
    "base/globals.yml": {
        "base_model": "tiny",
        "teacher": {"base_url": "microworld", "port": 0},
        "raw": "pool",
    },
    "alpaca/globals.yml": {"raw": "alpaca", "base_model": "of the environment"},
    "test/globals.yml": {"raw": "small"},
    "local/globals.yml": {"base_model": "mine", "teacher": {"base_url": "http://mine/v1"}},
    "base/parameters.yml": {"sft": {"max_length": 512, "epochs": 5, "base": "${globals:base_model}"}},
    "alpaca/parameters.yml": {"sft": {"epochs": 1}},
    "local/parameters.yml": {"sft": {"max_length": 64}},
    "local/credentials.yml": {"store": {"key": "secret"}},
}


def loader(folder: Path, env: str | None, **parameters: Any) -> LayeredConfigLoader:
    for name, content in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(yaml.safe_dump(content))
    return CONFIG_LOADER_CLASS(str(folder), env=env, runtime_params=parameters, **CONFIG_LOADER_ARGS)


def test_what_a_user_has_set_locally_holds_in_every_environment(tmp_path: Path) -> None:
    config = loader(tmp_path, "alpaca")
    assert config["globals"] == {
        "base_model": "mine",
        "raw": "alpaca",
        "teacher": {"base_url": "http://mine/v1", "port": 0},
    }
    assert config["parameters"]["sft"] == {"max_length": 64, "epochs": 1, "base": "mine"}
    assert config["credentials"] == {"store": {"key": "secret"}}


def test_the_command_line_holds_over_all_of_them(tmp_path: Path) -> None:
    config = loader(tmp_path, "alpaca", sft={"max_length": 8})
    assert config["parameters"]["sft"]["max_length"] == 8


def test_without_a_name_the_environment_is_local(tmp_path: Path) -> None:
    config = loader(tmp_path, None)
    assert (config["globals"]["base_model"], config["globals"]["raw"]) == ("mine", "pool")


@pytest.mark.parametrize("env", ["test", "base"])
def test_a_sealed_environment_is_the_same_on_every_machine(tmp_path: Path, env: str) -> None:
    config = loader(tmp_path, env)
    assert config["globals"]["base_model"] == "tiny"
    assert config["globals"]["teacher"]["base_url"] == "microworld"
    assert config["parameters"]["sft"]["max_length"] == 512
    with suppress(MissingConfigException):
        assert config["credentials"] == {}


def test_a_clone_without_conf_local_works(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "alpaca").mkdir()
    (tmp_path / "base" / "globals.yml").write_text("seed: 1")
    config = CONFIG_LOADER_CLASS(str(tmp_path), env="alpaca", **CONFIG_LOADER_ARGS)
    assert config["globals"] == {"seed": 1}
    with pytest.raises(MissingConfigException, match="catalog"):
        config["catalog"]


@pytest.mark.parametrize(("env", "hint"), [("alpca", "did you mean `alpaca`? "), ("production", "")])
def test_an_environment_that_is_not_there_stops_the_run_and_those_there_are_named(
    tmp_path: Path, env: str, hint: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loader(tmp_path, env)
    assert caught.value.problem == f"there is no environment `{env}`"
    assert caught.value.fix == f"{hint}{tmp_path} has alpaca, base, local, test"


def written(folder: Path, name: str, content: dict[str, Any]) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(yaml.safe_dump(content))


@pytest.mark.parametrize("env", [None, "alpaca"])
@pytest.mark.parametrize(("misspelt", "meant"), [("parameter.yml", "parameters"), ("gloabls.yml", "globals")])
def test_a_misspelt_file_is_refused_with_the_name_that_was_meant(
    tmp_path: Path, env: str | None, misspelt: str, meant: str
) -> None:
    written(tmp_path, f"local/{misspelt}", {"sft": {"max_length": 1}})
    with pytest.raises(ConfigurationError, match=f"did you mean `{meant}.yml`") as refused:
        loader(tmp_path, env)
    assert refused.value.file == tmp_path / "local" / misspelt
    loader(tmp_path, "test")  # which does not read conf/local


@pytest.mark.parametrize("env", [None, "alpaca"])
def test_a_misspelt_catalog_entry_is_told_with_the_name_that_was_meant(
    tmp_path: Path, env: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    written(tmp_path, "base/catalog_raw.yml", {"base_model": {"type": "a"}})
    written(tmp_path, "local/catalog.yml", {"base_modle": {"type": "b"}, "own": {"type": "c"}})
    loader(tmp_path, env)
    assert "`base_modle`" in caplog.text and "did you mean `base_model`?" in caplog.text
    assert "`own`" not in caplog.text


def test_files_and_entries_of_ones_own_are_read_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    written(tmp_path, "base/catalog_raw.yml", {"base_model": {"type": "a"}})
    written(tmp_path, "local/catalog.yml", {"base_model": {"type": "b"}})
    written(tmp_path, "local/parameters_mine.yml", {"sft": {"epochs": 2}})
    written(tmp_path, "local/topics.yml", {"a": 1})
    assert loader(tmp_path, None)["parameters"]["sft"]["epochs"] == 2
    assert not caplog.text
