"""A score as the expected value over the tokens of its digits, in one forward pass.

Deita (arXiv 2312.15685) reads a scorer so:

    score = sum_{s=1..6} s · softmax(logits of the tokens "1" .. "6" where the answer begins)_s

A scorer that wavers between 2 and 3 gives 2.5, where its most likely word would be one or the other. No
token is generated: one pass over the prompt, and of that only the last position goes through the output
layer. Batches are of like length; O(tokens · parameters).
Departures: the ids of the digits are looked up where the chat template puts them, and a tokenizer that does
not write a digit as one token there is refused; the published code has the ids of one tokenizer in it, and
gives a middling score where a digit is missing.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from instruction_tuning.chat_format.loss_mask import prompt_ids, tokenize_chat
from instruction_tuning.errors import ModelFolderError
from instruction_tuning.lm.batch_progress import with_progress
from instruction_tuning.lm.chat_request import Message
from instruction_tuning.lm.embeddings import batches_by_length
from instruction_tuning.lm.loading import load_model, load_tokenizer
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.lm.token_losses import logits_at

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

DIGITS = ("1", "2", "3", "4", "5", "6")


def expected_scores(
    scorer: ModelFolder,
    conversations: Sequence[Iterable[Message]],
    *,
    max_length_tokens: int,
    batch_tokens: int = 16_384,
) -> np.ndarray:
    """Scores (N,) as float64 of the `conversations` that ask for one, up is better.

    NaN where a conversation has more than `max_length_tokens` tokens, or a logit is not finite. Raises
    `ModelFolderError` where a digit is not one token of its own in that place.
    """
    tokenizer = load_tokenizer(scorer)
    digits = digit_token_ids(tokenizer, scorer)
    return expected_values(
        scorer,
        [prompt_ids(tokenizer, list(messages)) for messages in conversations],
        digits,
        max_length_tokens=max_length_tokens,
        batch_tokens=batch_tokens,
    )


def expected_values(
    scorer: ModelFolder,
    sequences: Sequence[list[int]],
    digit_ids: Sequence[int],
    *,
    max_length_tokens: int,
    batch_tokens: int = 16_384,
) -> np.ndarray:
    """As `expected_scores`, of token `sequences` behind which one of `digit_ids` is due: those of 1, 2, …"""
    import torch

    fitting = [row for row, ids in enumerate(sequences) if len(ids) <= max_length_tokens]
    scores = np.full(len(sequences), np.nan)
    digits = torch.tensor(list(digit_ids))
    values = torch.arange(1, len(digits) + 1, dtype=torch.float64)
    if fitting:
        model = load_model(scorer, "causal")
    lengths = [len(sequences[row]) for row in fitting]
    batches = batches_by_length(lengths, batch_tokens=batch_tokens)
    with torch.inference_mode():
        for batch in with_progress("expected scores", batches, lengths):
            rows = [fitting[place] for place in batch]
            logits = _last_logits(model, [sequences[row] for row in rows])[:, digits]  # (B, S)
            found = torch.softmax(logits.cpu().double(), dim=-1) @ values  # (B,)
            scores[rows] = torch.where(found.isfinite(), found, torch.nan).numpy()
    logger.info(
        "scored %d of %d texts; %d are longer than %d tokens",
        int(np.isfinite(scores).sum()),
        len(scores),
        len(scores) - len(fitting),
        max_length_tokens,
    )
    return scores


def digit_token_ids(
    tokenizer: "PreTrainedTokenizerBase", scorer: ModelFolder, digits: Sequence[str] = DIGITS
) -> list[int]:
    """The ids of the `digits` as the first token of an answer in the chat template."""
    asked = [{"role": "user", "content": "?"}]
    answers = [
        tokenize_chat(tokenizer, [*asked, {"role": "assistant", "content": digit}]).input_ids
        for digit in digits
    ]
    before = prompt_ids(tokenizer, asked)
    # One token apart from each other, behind the same tokens and before the same: then it is the digit.
    ids = [answer[len(before)] if len(answer) > len(before) else -1 for answer in answers]
    begin_alike = all(answer[: len(before)] == before for answer in answers)
    end_alike = len({tuple(answer[len(before) + 1 :]) for answer in answers}) == 1
    if not (begin_alike and end_alike and len(set(ids)) == len(digits)):
        raise ModelFolderError(
            f"the tokenizer does not write each of {', '.join(digits)} as one token at the beginning of an "
            "answer, so their probabilities cannot be read",
            file=scorer.path,
            field="tokenizer",
            fix="train the scorer from a base model whose tokenizer has the digits, with a chat template "
            "that puts nothing between the generation prompt and the answer",
        )
    return ids


def _last_logits(model: "PreTrainedModel", sequences: list[list[int]]) -> "torch.Tensor":
    """Logits (B, V) at the last token of each sequence."""
    import torch

    # Padding stands on the right, where a causal model does not look.
    input_ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(ids) for ids in sequences], batch_first=True)
    last = torch.tensor([len(ids) - 1 for ids in sequences])
    return logits_at(model, input_ids, (torch.arange(len(sequences)), last))
