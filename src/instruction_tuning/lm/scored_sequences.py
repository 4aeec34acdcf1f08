"""Sums of -log p over chosen tokens of many sequences, batched by length."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from instruction_tuning.lm.batch_progress import with_progress
from instruction_tuning.lm.embeddings import batches_by_length
from instruction_tuning.lm.token_losses import TokenLosses

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

Integers = np.ndarray[Any, np.dtype[np.int64]]
_PROBE_TOKENS = 8


@dataclass(frozen=True)
class ScoredSequence:
    """Token ids, the places (n,) in them that count, from 1, and which sum (n,) each of these is added to."""

    ids: list[int]
    places: Integers
    kinds: Integers


def summed_losses(
    model: "PreTrainedModel",
    sequences: Sequence[ScoredSequence],
    *,
    kinds: int,
    batch_tokens: int,
    what: str,
) -> tuple[np.ndarray, Integers]:
    """Sums (S, kinds) in nats as float64, and how many tokens (S, kinds) they are of.

    A sequence in which nothing counts is not run. `what` is how the progress is called.
    """
    import torch

    shape = (len(sequences), kinds)
    sums, counts = np.zeros(shape), np.zeros(shape, dtype=np.int64)
    counting = [number for number, sequence in enumerate(sequences) if len(sequence.places)]
    if not counting:
        return sums, counts
    losses_of = TokenLosses(model, torch.tensor([sequences[counting[0]].ids[:_PROBE_TOKENS]]))
    lengths = [len(sequences[number].ids) - 1 for number in counting]  # the last token is only foreseen
    batches = batches_by_length(lengths, batch_tokens=min(batch_tokens, losses_of.batch_tokens))
    with torch.inference_mode():
        for rows in with_progress(what, batches, lengths):
            numbers = [counting[row] for row in rows]
            batch = [sequences[number] for number in numbers]
            input_ids, places, targets = _tensors(batch)
            losses = losses_of(input_ids, places, targets).cpu().double().numpy()  # (n,)
            cells = kinds * places[0].numpy() + np.concatenate([sequence.kinds for sequence in batch])
            size = kinds * len(batch)
            sums[numbers] = np.bincount(cells, losses, minlength=size).reshape(-1, kinds)
            counts[numbers] = np.bincount(cells, minlength=size).reshape(-1, kinds)
    return sums, counts


def _tensors(
    batch: Sequence[ScoredSequence],
) -> "tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor], torch.Tensor]":
    """Ids (B, T), padded on the right; the places (rows, columns) in front of what counts; that (n,)."""
    import torch

    inputs = [torch.tensor(sequence.ids[:-1]) for sequence in batch]
    input_ids = torch.nn.utils.rnn.pad_sequence(inputs, batch_first=True)
    rows = np.repeat(np.arange(len(batch)), [len(sequence.places) for sequence in batch])
    columns = np.concatenate([sequence.places for sequence in batch]) - 1
    targets = np.concatenate([np.asarray(sequence.ids)[sequence.places] for sequence in batch])
    places = torch.from_numpy(rows), torch.from_numpy(columns)
    return input_ids, places, torch.from_numpy(targets)
