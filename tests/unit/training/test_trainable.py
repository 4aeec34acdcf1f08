"""What training needs of a base model, asked without its weights."""

import shutil
from pathlib import Path

import pytest
from family_builders import family_folder
from training_builders import CONTEXT, tiny_base

from instruction_tuning.errors import ConfigurationError, ModelFolderError
from instruction_tuning.lm.loading import load_config, load_model
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.training.tokenized import load_training_tokenizer
from instruction_tuning.training.trainable import require_room_for_tokens, trainable_tokenizer


def trainable(base: ModelFolder, max_length: int = 32) -> object:
    return trainable_tokenizer(base, chat_template_path=None, max_length=max_length)


def test_a_token_without_an_embedding_is_an_error_before_training() -> None:
    base, tokenizer = family_folder("llama"), load_training_tokenizer(tiny_base(), None)
    require_room_for_tokens(base, tokenizer)  # rows without a token are fine
    tokenizer.add_tokens([f"new {number}" for number in range(50)])
    with pytest.raises(ConfigurationError, match=r"has \d+ tokens, the model has embeddings for"):
        require_room_for_tokens(base, tokenizer)


def test_the_configuration_tells_how_many_tokens_have_an_embedding() -> None:
    rows = load_model(tiny_base(), "causal").get_input_embeddings().weight.shape[0]
    assert load_config(tiny_base()).get_text_config().vocab_size == rows


def test_a_row_as_long_as_the_context_can_be_trained_and_a_longer_one_cannot() -> None:
    trainable(tiny_base(), CONTEXT)
    with pytest.raises(ConfigurationError, match=f"max_length {CONTEXT + 1} is longer"):
        trainable(tiny_base(), CONTEXT + 1)


def test_a_configuration_that_is_no_json_is_named(tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_base().path, tmp_path / "model")
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelFolderError, match=r"config\.json is no JSON"):
        trainable(open_model_folder(folder))
