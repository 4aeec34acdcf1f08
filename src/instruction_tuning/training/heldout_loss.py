"""Loss on held-out sequences: -mean log p(token) over their trained tokens, in nats.

Rows are packed where the model can tell packed sequences apart; O(tokens · parameters).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from instruction_tuning.chat_format.loss_mask import IGNORED, MaskedTokens
from instruction_tuning.training.packing import (
    StackedRowsCollator,
    pack_rows,
    tells_sequences_apart,
)

if TYPE_CHECKING:
    from transformers import PreTrainedModel

ROWS_PER_BATCH = 4


def heldout_loss(
    model: "PreTrainedModel",
    sequences: Sequence[MaskedTokens],
    *,
    max_length: int,
    pad_token_id: int,
    in_bfloat16: bool = False,
) -> float | None:
    """Mean over all trained tokens; null where there is none. The model is left in eval mode.

    Products are taken `in_bfloat16` where so told, as in training. A model that a trainer has had takes them
    as it was trained, whatever is told here.
    """
    import torch

    if not any(label != IGNORED for sequence in sequences for label in sequence.labels):
        return None
    packing = tells_sequences_apart(model)
    rows = pack_rows(sequences, max_length=max_length, packing=packing, seed=0)
    collate = StackedRowsCollator(pad_token_id)
    model.eval()
    total, count = 0.0, 0
    products = torch.autocast(model.device.type, dtype=torch.bfloat16, enabled=in_bfloat16)
    with torch.inference_mode(), products:
        for start in range(0, len(rows), ROWS_PER_BATCH):
            batch = collate([rows[place] for place in range(start, min(start + ROWS_PER_BATCH, len(rows)))])
            batch = {name: tensor.to(model.device) for name, tensor in batch.items()}
            targets = batch.pop("labels")[:, 1:]  # (B, L-1)
            # With a cache transformers skips the block-diagonal mask, and sequences see each other.
            logits = model(**batch, use_cache=False).logits[:, :-1]  # (B, L-1, V)
            total += float(
                torch.nn.functional.cross_entropy(
                    logits.reshape(-1, logits.shape[-1]).float(),
                    targets.reshape(-1),
                    ignore_index=IGNORED,
                    reduction="sum",
                )
            )
            count += int((targets != IGNORED).sum())
    return total / count
