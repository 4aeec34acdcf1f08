"""Whether a base model can be fine-tuned as asked, memory aside.

Asked twice, with the same words: before a run, so that no teacher is paid for nothing, and by the training,
which may run alone. Reads configuration and tokenizer only, no weights.
"""

from typing import TYPE_CHECKING

from instruction_tuning.chat_format.loss_mask import tokenize_chat
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.loading import context_length, load_config
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.training.tokenized import load_training_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_CHAT = ({"role": "user", "content": "a"}, {"role": "assistant", "content": "b"})


def trainable_tokenizer(
    base: ModelFolder, *, chat_template_path: str | None, max_length: int
) -> "PreTrainedTokenizerBase":
    """The tokenizer to fine-tune `base` with on rows of `max_length` tokens.

    Raises `ConfigurationError` for a chat template that is missing or cannot be trained on, a length beyond
    the context, and tokens without an embedding.
    """
    tokenizer = load_training_tokenizer(base, chat_template_path)
    if not tokenizer.chat_template:
        raise ConfigurationError(
            "the base model's tokenizer has no chat template, so chats cannot be trained on",
            file=base.path,
            field="sft.chat_template_path",
            fix="name a Jinja file that renders `messages`, such as conf/hub/plain_turns.jinja, or add "
            "chat_template.jinja to the folder",
        )
    require_context(base, max_length)
    require_room_for_tokens(base, tokenizer)
    tokenize_chat(tokenizer, _CHAT)
    return tokenizer


def require_context(base: ModelFolder, max_length: int) -> None:
    """Raise `ConfigurationError` where the model cannot read `max_length` tokens at once."""
    context = context_length(load_config(base))
    if context is not None and max_length > context:
        raise ConfigurationError(
            f"max_length {max_length} is longer than the base model's context of {context} tokens",
            file=base.path / "config.json",
            field="sft.max_length",
            fix=f"set sft.max_length to {context} or less",
        )


def require_room_for_tokens(base: ModelFolder, tokenizer: "PreTrainedTokenizerBase") -> None:
    """Raise `ConfigurationError` where a token has no embedding; rows without a token are common and fine."""
    rows = getattr(load_config(base).get_text_config(), "vocab_size", None)
    if rows is not None and len(tokenizer) > rows:
        raise ConfigurationError(
            f"the tokenizer has {len(tokenizer)} tokens, the model has embeddings for {rows}",
            file=base.path,
            field="vocab_size",
            fix="take tokenizer and weights from one place; after adding tokens, resize_token_embeddings "
            "and save the model",
        )
