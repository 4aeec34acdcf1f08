import pytest

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.prompts.files import Prompt, read_prompt


def test_the_rating_prompt_marks_instruction_and_response():
    text = read_prompt("rating").fill({"instruction": "I", "response": "R"})
    assert "\n[Instruction]\nI\n[Response]\nR\n[End]\n" in text


def test_braces_in_what_is_filled_in_stay_as_they_are():
    filled = Prompt("p", "{instruction}|{response}", "").fill(
        {"instruction": "{response} {x} %s", "response": "{instruction}"}
    )
    assert filled == "{response} {x} %s|{instruction}"


def test_a_prompt_file_with_a_misspelt_placeholder_is_named():
    with pytest.raises(ConfigurationError, match=r"p\.txt"):
        Prompt("p", "{instrution}", "").fill({"instruction": "I"})


def test_an_unknown_prompt_lists_the_known_ones():
    with pytest.raises(ConfigurationError, match=r"use one of: answer_system, .*, rating, "):
        read_prompt("ratings")


def test_the_digest_follows_the_text():
    assert read_prompt("rating").digest != read_prompt("answer_system").digest
