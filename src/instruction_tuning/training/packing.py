"""Packing: several sequences in one row, each seeing only itself.

Krell et al. 2021 (arXiv 2107.02027); best-fit-decreasing (Ding et al. 2024, arXiv 2404.10830) by TRL.
Each sequence's positions start at 0 again, and transformers derives a block-diagonal attention mask from
that, so packed and separate losses are equal; the first token of a sequence has no label. Not for every
architecture: OPT and BLOOM read on into the next sequence without a word, so each model is tried first.
Departure: TRL flattens a batch of B rows into one row of B·L tokens, with a dense (B·L)^2 mask where there
is no FlashAttention; here rows are stacked, (B, L), with a mask of B·L^2: five times as fast on two cores.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from instruction_tuning.chat_format.loss_mask import IGNORED, MaskedTokens

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from transformers import PreTrainedModel


def pack_rows(sequences: Sequence[MaskedTokens], *, max_length: int, packing: bool, seed: int) -> "Dataset":
    """Rows with `input_ids`, `labels` and `seq_lengths`, each at most `max_length` tokens.

    `sequences` must be cut to `max_length` before. Without `packing` a row is one sequence.
    """
    import datasets
    from trl import pack_dataset

    order = np.random.default_rng(seed).permutation(len(sequences))
    rows = datasets.Dataset.from_dict(
        {
            "input_ids": [sequences[place].input_ids for place in order],
            "labels": [sequences[place].labels for place in order],
        },
        features=datasets.Features(
            {name: datasets.List(datasets.Value("int64")) for name in ("input_ids", "labels")}
        ),
    )
    if not packing:
        return rows.add_column("seq_lengths", [[len(sequences[place].input_ids)] for place in order])
    datasets.disable_progress_bars()  # a bar a call would drown the run's own lines
    # One map batch for all: best fit is the better the more it can choose from.
    return pack_dataset(rows, max_length, "bfd", {"batch_size": len(rows), "load_from_cache_file": False})


def packing_efficiency(rows: "Dataset", *, max_length: int) -> float:
    """Share of the tokens of full rows that are not padding, in (0, 1]."""
    return float(sum(map(len, rows["input_ids"])) / (len(rows) * max_length))


def tells_sequences_apart(model: "PreTrainedModel") -> bool:
    """Whether what stands before a sequence in its row leaves the model's logits for it as they are.

    Two forward passes over a row of 8 tokens; the model is left in the mode that it was in.
    """
    import torch

    first, other, second = [3, 4, 5, 6], [7, 8, 9, 7], [6, 5, 4, 3]
    positions = torch.tensor([[0, 1, 2, 3, 0, 1, 2, 3]], device=model.device)
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        seen = [
            model(
                input_ids=torch.tensor([[*before, *second]], device=model.device),
                position_ids=positions,
                use_cache=False,
            ).logits[:, len(first) :]
            for before in (first, other)
        ]
    model.train(was_training)
    # Hidden tokens weigh exactly nothing; the tolerance is for kernels that add in another order.
    return bool(torch.allclose(*(logits.float() for logits in seen), rtol=1e-4, atol=1e-5))


@dataclass(frozen=True)
class StackedRowsCollator:
    """Stack packed rows into a batch (B, L), L being the longest row's length.

    Positions restart at each sequence. There is no `attention_mask`: with one, transformers would not look
    at the positions. Padding is a sequence of its own behind the others, without labels.
    """

    pad_token_id: int

    def __call__(self, rows: Sequence[dict[str, Any]]) -> "dict[str, torch.Tensor]":
        import torch

        longest = max(len(row["input_ids"]) for row in rows)
        input_ids = torch.full((len(rows), longest), self.pad_token_id)
        labels = torch.full((len(rows), longest), IGNORED)
        position_ids = torch.empty((len(rows), longest), dtype=torch.long)
        for place, row in enumerate(rows):
            used = len(row["input_ids"])
            input_ids[place, :used] = torch.as_tensor(row["input_ids"])
            labels[place, :used] = torch.as_tensor(row["labels"])
            spans = [*row["seq_lengths"], longest - used]
            position_ids[place] = torch.cat([torch.arange(int(span)) for span in spans])
        return {"input_ids": input_ids, "labels": labels, "position_ids": position_ids}
