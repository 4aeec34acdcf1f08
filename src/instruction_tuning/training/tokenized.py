"""The mixture as token ids with loss masks, cut to the length that the model is trained with."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from instruction_tuning.chat_format.loss_mask import (
    MaskedTokens,
    end_of_turn,
    tokenize_chat,
    tokenize_document,
)
from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.lm.loading import load_tokenizer
from instruction_tuning.lm.model_folder import ModelFolder

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TokenizedMixture:
    """Chats and documents ready to train on.

    `truncated_share` is the share of chats longer than the maximal length; `without_target` counts those
    of them that were dropped because no answer token was left. The `whole_documents` are not cut but split
    into `documents`.
    """

    chats: list[MaskedTokens]
    documents: list[MaskedTokens]
    truncated_share: float
    without_target: int
    tokens_per_byte: float
    whole_documents: int = 0

    def tell(self, max_length: int) -> None:
        """Log what is trained on, and what of it the length costs."""
        pieces = ""
        if len(self.documents) > self.whole_documents:
            pieces = f", split into {len(self.documents)} pieces of at most {max_length} tokens"
        logger.info(
            "training data: %d chats, %.1f%% of them cut at %d tokens; %d documents%s",
            len(self.chats),
            100 * self.truncated_share,
            max_length,
            self.whole_documents,
            pieces,
        )
        if self.without_target:
            logger.warning(
                "%d of %d chats are dropped: their answer begins after the first %d tokens (sft.max_length)",
                self.without_target,
                self.without_target + len(self.chats),
                max_length,
            )

    @property
    def sequences(self) -> list[MaskedTokens]:
        return [*self.chats, *self.documents]


def load_training_tokenizer(base: ModelFolder, chat_template_path: str | None) -> "PreTrainedTokenizerBase":
    """The base model's tokenizer with a padding token, and with another chat template where one is named.

    Its end-of-sequence token is the one that ends a turn in that template.
    """
    tokenizer = load_tokenizer(base)
    if chat_template_path is not None:
        path = Path(chat_template_path)
        if not path.is_file():
            raise ConfigurationError(
                "there is no chat template here",
                file=path,
                field="sft.chat_template_path",
                fix="name a Jinja file that renders `messages`, or null for the tokenizer's own template",
            )
        tokenizer.chat_template = path.read_text(encoding="utf-8")
    if tokenizer.chat_template:
        _stop_at_the_end_of_a_turn(tokenizer, base)
    if tokenizer.eos_token_id is None:
        raise ConfigurationError(
            "the tokenizer has no end-of-sequence token, so the model could not learn to stop",
            file=base.path,
            field="eos_token",
            fix="set eos_token in tokenizer_config.json to the token that ends an assistant's turn",
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _stop_at_the_end_of_a_turn(tokenizer: "PreTrainedTokenizerBase", base: ModelFolder) -> None:
    """Make the token that the template writes after an answer the one that ends generation.

    Base models often name the end of a *text* there (Qwen: `<|endoftext|>`, its turns end in `<|im_end|>`);
    trained with that, they answer and never stop.
    """
    end = end_of_turn(tokenizer)
    if end is None:
        raise ConfigurationError(
            "the chat template writes no special token after an answer, so the model could not learn to stop",
            file=base.path,
            field="chat_template",
            fix="write {{ eos_token }} after the assistant's content, as conf/hub/plain_turns.jinja does",
        )
    if end != tokenizer.eos_token_id:
        tokenizer.eos_token = tokenizer.convert_ids_to_tokens(end)


def tokenize_mixture(
    tokenizer: "PreTrainedTokenizerBase",
    mixture: pd.DataFrame,
    *,
    max_length: int,
    keep_empty: bool = False,
) -> TokenizedMixture:
    """Tokenise every row of an sft_mixture frame.

    Raises `InputError` where nothing is left to train on, unless `keep_empty`.
    """
    is_chat = mixture["kind"] == "chat"
    whole = [tokenize_chat(tokenizer, messages) for messages in mixture.loc[is_chat, "messages"]]
    cut = [masked.first(max_length) for masked in whole]
    chats = [masked for masked in cut if any(masked.trained)]
    if not chats and not keep_empty:
        raise InputError(
            f"no chat of {len(whole)} has an answer within the first {max_length} tokens",
            field="sft.max_length",
            fix="raise max_length (up to the model's context), or select shorter records",
        )
    documents = [tokenize_document(tokenizer, text) for text in mixture.loc[~is_chat, "text"]]
    total_bytes = sum(
        len(message["content"].encode())
        for messages in mixture.loc[is_chat, "messages"]
        for message in messages
    ) + sum(len(text.encode()) for text in mixture.loc[~is_chat, "text"])
    total_tokens = sum(len(masked.input_ids) for masked in [*whole, *documents])
    return TokenizedMixture(
        chats=chats,
        documents=[piece for document in documents for piece in _split(document, max_length)],
        truncated_share=sum(len(masked.input_ids) > max_length for masked in whole) / max(len(whole), 1),
        without_target=len(cut) - len(chats),
        tokens_per_byte=total_tokens / max(total_bytes, 1),
        whole_documents=len(documents),
    )


def _split(document: MaskedTokens, length: int) -> list[MaskedTokens]:
    return [
        MaskedTokens(document.input_ids[start : start + length], document.trained[start : start + length])
        for start in range(0, len(document.input_ids), length)
    ]
