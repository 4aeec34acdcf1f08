"""How well a model foresees an answer, with the prompt before it and without; and the prompt itself.

Li et al. 2023, Cherry / IFD (arXiv 2308.12032). For an answer of tokens a_1 .. a_n to the prompt Q, in nats:

    answer_loss         s(A|Q) = -1/n sum_i log p(a_i | Q, a_1 .. a_{i-1})
    direct_answer_loss  s(A)   = -1/n sum_i log p(a_i | separator, a_1 .. a_{i-1})
    prompt_loss         the same mean over the prompt's own words, without those of the template

Both sums are over the same tokens (answer_tokens.py). The separator is the token that texts begin with; a
model that has none cannot foresee a first token without a prompt, and then a_1 is left out of both.

Sequences of like length are batched, padded on the right, where a causal model does not look: no mask is
needed. Equal sequences are measured once. Only what foresees a token that counts goes through the output
layer (token_losses.py). O(tokens · parameters) time; beside the tokens, memory is that of one batch.
Departures: the published code measures one row at a time and finds the answer's beginning by tokenising the
prompt's text; Superfiltering's leaves a_1 out of s(A) alone. The chat template stands for Alpaca's prompt.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.lm.answer_tokens import AnswerTokens, PromptForm, separator_token, tokenize_answers
from instruction_tuning.lm.chat_request import without_answer
from instruction_tuning.lm.loading import context_length, load_model, load_tokenizer
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.lm.scored_sequences import ScoredSequence, summed_losses

if TYPE_CHECKING:
    from transformers import PreTrainedModel

logger = logging.getLogger(__name__)

LOSSES = ("answer_loss", "direct_answer_loss", "prompt_loss")
_ANSWER, _DIRECT, _PROMPT = range(len(LOSSES))


def answer_likelihoods(
    model_folder: ModelFolder,
    pool: pd.DataFrame,
    *,
    prompt_form: PromptForm,
    max_length_tokens: int,
    batch_tokens: int = 16_384,
    with_prompt_loss: bool = True,
) -> pd.DataFrame:
    """n_answer_tokens, the three losses and is_truncated of each record of `pool`, by record id (N, 5).

    `pool` has record_id, messages (a turn of the assistant at the end is not part of the prompt) and answer.
    A record without an answer has 0 tokens and NaN for both losses of it. `max_length_tokens`, or the model's
    context where that is shorter, is the budget of prompt and answer together; an answer is cut to the same
    tokens for both losses. With `with_prompt_loss` off that loss is NaN, and the output layer has less to do.
    Raises `InputError` for doubled ids.
    """
    _check(pool, max_length_tokens)
    tokenizer = load_tokenizer(model_folder)
    model = load_model(model_folder, "causal")
    separator = separator_token(tokenizer, model.config)
    budget = min(max_length_tokens, context_length(model.config) or max_length_tokens)
    # What shares a batch decides the rounding, and must not hang on the order of the rows.
    by_id = pool.sort_values("record_id")
    tokens = tokenize_answers(
        tokenizer,
        [without_answer(messages) for messages in by_id["messages"]],
        by_id["answer"].tolist(),
        prompt_form=prompt_form,
        separator=separator,
        max_length_tokens=budget,
    )
    if not with_prompt_loss:
        tokens = [replace(row, is_text=[False] * len(row.prompt)) for row in tokens]
    means, counts = _mean_losses(model, tokens, separator, batch_tokens)
    frame = pd.DataFrame(means, columns=list(LOSSES), index=pd.Index(by_id["record_id"], name="record_id"))
    frame.insert(0, "n_answer_tokens", counts)
    frame["is_truncated"] = [row.is_truncated for row in tokens]
    logger.info(
        "measured %d answers of %d records on %s; %d records were cut at %d tokens",
        int(frame["answer_loss"].notna().sum()),
        len(frame),
        model.device,
        int(frame["is_truncated"].sum()),
        budget,
    )
    return frame.loc[pool["record_id"]]


def _check(pool: pd.DataFrame, max_length_tokens: int) -> None:
    if max_length_tokens < 2:
        raise ConfigurationError(
            f"{max_length_tokens} tokens hold no prompt and answer",
            field="max_length_tokens",
            fix="take 2 at least; some hundreds are usual",
        )
    doubled = pool.loc[pool["record_id"].duplicated(), "record_id"]
    if len(doubled):
        raise InputError(
            f"{len(doubled)} record ids occur more than once in the pool",
            record=doubled.iloc[0],
            field="record_id",
            fix="drop the exact duplicates first: the ingestion pipeline does",
        )


def _mean_losses(
    model: "PreTrainedModel", tokens: Sequence[AnswerTokens], separator: int | None, batch_tokens: int
) -> tuple[np.ndarray, np.ndarray]:
    """Means (N, 3) in nats, NaN where nothing counts, and the numbers (N,) of answer tokens that count."""
    sequences, with_prompt, direct = _different_sequences(tokens, separator)
    sums, counts = summed_losses(
        model, sequences, kinds=len(LOSSES), batch_tokens=batch_tokens, what="answer likelihoods"
    )  # (S, 3)
    rows = np.stack([with_prompt, direct, with_prompt], axis=1)  # (N, 3), in the order of LOSSES
    kinds = np.arange(len(LOSSES))
    means = np.full(rows.shape, np.nan)
    np.divide(sums[rows, kinds], counts[rows, kinds], out=means, where=counts[rows, kinds] > 0)
    means[~np.isfinite(means)] = np.nan  # a number format ran over: not measured
    return means, counts[with_prompt, _ANSWER]


def _different_sequences(
    tokens: Sequence[AnswerTokens], separator: int | None
) -> tuple[list[ScoredSequence], np.ndarray, np.ndarray]:
    """Sequences (S), and for each row (N,) which of them is its prompt and answer, and which its answer."""
    numbers: dict[tuple[tuple[int, ...] | None, tuple[int, ...]], int] = {}
    sequences: list[ScoredSequence] = []
    rows = np.empty((2, len(tokens)), dtype=np.int64)
    for row, own in enumerate(tokens):
        answer = tuple(own.answer)
        for side, (prompt, make) in enumerate([(tuple(own.prompt), _with_prompt), (None, _direct)]):
            number = numbers.setdefault((prompt, answer), len(sequences))
            if number == len(sequences):
                sequences.append(make(own, separator))
            rows[side, row] = number
    return sequences, rows[0], rows[1]


def _with_prompt(tokens: AnswerTokens, separator: int | None) -> ScoredSequence:
    start = len(tokens.prompt)
    prompt = [place for place in range(1, start) if tokens.is_text[place]]
    answer = range(start + (separator is None), start + len(tokens.answer))
    return ScoredSequence(
        tokens.prompt + tokens.answer,
        np.array([*prompt, *answer], dtype=np.int64),
        np.repeat([_PROMPT, _ANSWER], [len(prompt), len(answer)]),
    )


def _direct(tokens: AnswerTokens, separator: int | None) -> ScoredSequence:
    ids = tokens.answer if separator is None else [separator, *tokens.answer]
    return ScoredSequence(ids, np.arange(1, len(ids)), np.full(max(len(ids) - 1, 0), _DIRECT))
