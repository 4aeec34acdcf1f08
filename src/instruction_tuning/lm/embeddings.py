"""Texts as vectors: the last hidden layer of a model folder, pooled over the tokens.

Mean pooling as in DiverseEvol (arXiv 2311.08182), last-token pooling as in Deita (arXiv 2312.15685).
Batches hold texts of like length and at most `batch_tokens` tokens, padding included, so time and
memory are O(tokens · parameters) whatever the spread of lengths. Rows come out unit-length.
"""

import logging
from typing import TYPE_CHECKING, Literal

import numpy as np

from instruction_tuning.lm.loading import load_model, load_tokenizer
from instruction_tuning.lm.model_folder import ModelFolder

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)


def embed_hidden_states(
    folder: ModelFolder,
    texts: list[str],
    *,
    pooling: Literal["mean", "last_token"],
    max_length_tokens: int,
    batch_tokens: int = 16_384,
) -> np.ndarray:
    """Unit vectors (N, H) as float32; texts longer than `max_length_tokens` are cut at the end."""
    import torch

    tokenizer = load_tokenizer(folder)
    model = load_model(folder, "none")
    token_ids = [
        tokenizer(text, truncation=True, max_length=max_length_tokens)["input_ids"]
        or [tokenizer.eos_token_id or 0]
        for text in texts
    ]
    vectors = np.empty((len(texts), model.config.get_text_config().hidden_size), dtype=np.float32)
    with torch.inference_mode():
        for rows in batches_by_length([len(ids) for ids in token_ids], batch_tokens=batch_tokens):
            input_ids, attention_mask = _pad([token_ids[row] for row in rows])  # (B, T)
            states = model(
                input_ids=input_ids.to(model.device),
                attention_mask=attention_mask.to(model.device),
                use_cache=False,
            ).last_hidden_state  # (B, T, H)
            pooled = _pool(states.float().cpu(), attention_mask, pooling)  # (B, H)
            vectors[rows] = torch.nn.functional.normalize(pooled, dim=-1).numpy()
    logger.info("embedded %d texts in %d dimensions on %s", len(texts), vectors.shape[1], model.device)
    return vectors


def batches_by_length(lengths: list[int], *, batch_tokens: int) -> list[list[int]]:
    """Row numbers in batches of like length, longest first, so that a batch too big fails at once.

    A batch has at most `batch_tokens` tokens with its padding, but always at least one row.
    """
    order = sorted(range(len(lengths)), key=lambda row: (-lengths[row], row))
    batches: list[list[int]] = []
    for row in order:
        if batches and (len(batches[-1]) + 1) * max(lengths[batches[-1][0]], 1) <= batch_tokens:
            batches[-1].append(row)
        else:
            batches.append([row])
    return batches


def _pad(token_ids: list[list[int]]) -> "tuple[torch.Tensor, torch.Tensor]":
    """Right-padded ids and their mask, both (B, T); a causal model never looks right, so any pad id does."""
    import torch

    longest = max(len(ids) for ids in token_ids)
    input_ids = torch.zeros(len(token_ids), longest, dtype=torch.long)
    attention_mask = torch.zeros(len(token_ids), longest, dtype=torch.long)
    for row, ids in enumerate(token_ids):
        input_ids[row, : len(ids)] = torch.tensor(ids)
        attention_mask[row, : len(ids)] = 1
    return input_ids, attention_mask


def _pool(states: "torch.Tensor", mask: "torch.Tensor", pooling: str) -> "torch.Tensor":
    import torch

    if pooling == "last_token":
        return states[torch.arange(len(states)), mask.sum(dim=1) - 1]  # (B, H)
    weights = mask.unsqueeze(-1).float()  # (B, T, 1)
    return (states * weights).sum(dim=1) / weights.sum(dim=1)
