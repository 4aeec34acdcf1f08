"""The parts of `kedro chat` and `kedro check` that are this project's own."""

import pytest

from instruction_tuning.cli.chat import answerer
from instruction_tuning.cli.check import token_counter
from instruction_tuning.errors import InputError


def test_a_model_without_a_chat_template_still_answers(tiny_model_path):
    answer = answerer(tiny_model_path, max_new_tokens=4)
    assert answer("What is 2 + 3?") == answer("What is 2 + 3?")


def test_tokens_are_counted_by_the_base_models_tokenizer(tiny_model_path):
    count = token_counter(tiny_model_path)
    assert count(["abc", "", "卓"]) == [3, 0, 3]


def test_a_base_model_without_a_tokenizer_is_named(tmp_path):
    with pytest.raises(InputError, match="no fast tokenizer"):
        token_counter(tmp_path)
