"""Misspelt parameters, at every level."""

import pytest
from pydantic import BaseModel, ConfigDict

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.hooks.parameter_names import (
    check_globals,
    check_group,
    check_model_names,
    check_names,
)


class Lora(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rank: int = 8


class Sft(BaseModel):
    model_config = ConfigDict(extra="forbid")
    learning_rate: float = 0.1
    lora: Lora | None = None
    weights: dict[str, Lora] = {}
    stages: list[Lora] | None = None


def test_a_misspelt_top_level_key_names_the_one_that_was_meant():
    with pytest.raises(ConfigurationError, match=r"no parameter `stf`(.|\n)*did you mean `sft`"):
        check_names({"stf": {}}, {"sft", "evaluation"}, path="")


@pytest.mark.parametrize(
    ("section", "wrong", "meant"),
    [
        ({"lerning_rate": 1}, "sft.lerning_rate", "learning_rate"),
        ({"lora": {"rnk": 4}}, "sft.lora.rnk", "rank"),
        ({"weights": {"rnk": {"rank": 4}, "any": {"rnk": 4}}}, "sft.weights.any.rnk", "rank"),
        ({"stages": [{"rank": 4}, {"rnk": 4}]}, "sft.stages.1.rnk", "rank"),
    ],
)
def test_a_misspelt_key_is_found_at_any_depth(section, wrong, meant):
    with pytest.raises(ConfigurationError, match=f"no parameter `{wrong}`(.|\n)*did you mean `{meant}`"):
        check_model_names(section, Sft, path="sft")


def test_right_keys_and_keys_of_a_mapping_pass():
    check_model_names({"learning_rate": 1, "lora": {"rank": 4}, "weights": {"any": {}}}, Sft, path="sft")


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"learning_rate": "fast"}, r"`sft\.learning_rate` has a wrong value: .*valid number.*not `fast`"),
        ({"lora": {"rank": "x"}}, r"`sft\.lora\.rank` has a wrong value: .*valid integer.*not `x`"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_section_and_the_way_out(section, said):
    with pytest.raises(ConfigurationError, match=said) as caught:
        check_group("sft", section, Sft)
    text = str(caught.value)
    assert "parameters*.yml" in text and "--params=sft." in text
    assert "type=" not in text and "pydantic" not in text and "Sft" not in text


def test_a_path_in_the_place_of_the_group_base_model_is_sent_to_the_globals():
    with pytest.raises(
        ConfigurationError, match=r"group of parameters(.|\n)*`base_model: /my/model` into conf/local"
    ):
        check_group("base_model", "/my/model", Sft)


def test_a_global_among_the_parameters_is_sent_to_its_file():
    with pytest.raises(ConfigurationError, match=r"`seed` is no parameter(.|\n)*`seed: 3` into .*globals"):
        check_globals({"seed": 3}, {"sft", "teacher"})
    check_globals({"teacher": {}, "other": 1}, {"sft", "teacher"})


def test_a_plain_value_in_the_place_of_a_group_is_refused():
    with pytest.raises(ConfigurationError, match=r"--params=sft\.<name>=<value>"):
        check_group("sft", 3, Sft)
