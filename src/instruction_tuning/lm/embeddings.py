"""Texts as vectors: a hidden layer of a model folder, pooled over the tokens.

The model may be a causal one or a sentence-embedding model (an encoder with mean pooling).

Mean pooling as in DiverseEvol (arXiv 2311.08182), last-token pooling as in Deita (arXiv 2312.15685).
Batches hold texts of like length and at most `batch_tokens` tokens, padding included, so time and
memory are O(tokens · parameters) whatever the spread of lengths. Rows come out unit-length.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.embedding_cache import EmbeddingCache, rows_to_embed, text_keys
from instruction_tuning.lm.loading import load_config, load_model, load_tokenizer
from instruction_tuning.lm.model_folder import ModelFolder

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

_TEXTS_PER_WRITE = 4_096


def embed_cached(
    folder: ModelFolder,
    texts: Sequence[str],
    cache_folder: Path,
    *,
    pooling: Literal["mean", "last_token"],
    max_length_tokens: int,
    layer: int = -1,
    batch_tokens: int = 16_384,
) -> np.ndarray:
    """As `embed_hidden_states`, but each different text is embedded once: `cache_folder` keeps vectors.

    They are written every few thousand texts, so a run that is killed goes on from there.
    """
    settings = {
        "model": folder.digest,
        "pooling": pooling,
        "max_length_tokens": max_length_tokens,
        "layer": layer,
    }
    name = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
    cache = EmbeddingCache(cache_folder / name, _width(folder))
    keys = text_keys(texts)
    missing = rows_to_embed(cache.find(keys), keys, texts)
    if len(missing):
        logger.info("%d texts to embed; %d are known", len(missing), len(texts) - len(missing))
        embedder = Embedder(folder, pooling, max_length_tokens, layer, batch_tokens)
    for start in range(0, len(missing), _TEXTS_PER_WRITE):
        rows = missing[start : start + _TEXTS_PER_WRITE]
        cache.add(keys[rows], embedder([texts[row] for row in rows]))
        if len(missing) > _TEXTS_PER_WRITE:
            logger.info("embedded %d of %d texts", start + len(rows), len(missing))
    return cache.vectors(cache.find(keys))


def embed_hidden_states(
    folder: ModelFolder,
    texts: list[str],
    *,
    pooling: Literal["mean", "last_token"],
    max_length_tokens: int,
    layer: int = -1,
    batch_tokens: int = 16_384,
) -> np.ndarray:
    """Unit vectors (N, H) as float32; texts longer than `max_length_tokens` are cut at the end.

    `layer` counts as in a list: -1 is the last hidden layer, 0 the embedding of the tokens.
    """
    return Embedder(folder, pooling, max_length_tokens, layer, batch_tokens)(texts)


def _width(folder: ModelFolder) -> int:
    return int(load_config(folder).get_text_config().hidden_size)


class Embedder:
    """A loaded model with its settings; called with texts, it gives their vectors (N, H)."""

    def __init__(
        self, folder: ModelFolder, pooling: str, max_length_tokens: int, layer: int, batch_tokens: int
    ) -> None:
        self._tokenizer, self._model = load_tokenizer(folder), load_model(folder, "none")
        self._pooling, self._max_length_tokens = pooling, max_length_tokens
        self._batch_tokens = batch_tokens
        layers = self._model.config.get_text_config().num_hidden_layers
        if not -layers - 1 <= layer <= layers:
            raise ConfigurationError(
                f"the model has layers 0 (its token embeddings) to {layers}, and no layer {layer}",
                file=folder.path,
                field="layer",
                fix=f"name one of -{layers + 1} to {layers}; -1 is the last",
            )
        self._layer = layer if layer >= 0 else layers + 1 + layer
        self._is_last = self._layer == layers

    def __call__(self, texts: list[str]) -> np.ndarray:
        import torch

        token_ids = [
            self._tokenizer(text, truncation=True, max_length=self._max_length_tokens)["input_ids"]
            or [self._tokenizer.eos_token_id or 0]
            for text in texts
        ]
        vectors = np.empty((len(texts), self._model.config.get_text_config().hidden_size), dtype=np.float32)
        lengths = [len(ids) for ids in token_ids]
        with torch.inference_mode():
            for rows in batches_by_length(lengths, batch_tokens=self._batch_tokens):
                input_ids, attention_mask = _pad([token_ids[row] for row in rows])  # (B, T)
                states = self._states(input_ids, attention_mask)  # (B, T, H)
                pooled = _pool(states.float().cpu(), attention_mask, self._pooling)  # (B, H)
                vectors[rows] = torch.nn.functional.normalize(pooled, dim=-1).numpy()
        logger.info("embedded %d texts in %d dimensions on %s", *vectors.shape, self._model.device)
        return vectors

    def _states(self, input_ids: "torch.Tensor", attention_mask: "torch.Tensor") -> "torch.Tensor":
        # An encoder has no cache to leave out.
        no_cache = {"use_cache": False} if getattr(self._model.config, "use_cache", None) else {}
        output = self._model(
            input_ids=input_ids.to(self._model.device),
            attention_mask=attention_mask.to(self._model.device),
            output_hidden_states=not self._is_last,
            **no_cache,
        )
        states: torch.Tensor = (
            output.last_hidden_state if self._is_last else output.hidden_states[self._layer]
        )
        return states


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
    from torch.nn.utils.rnn import pad_sequence

    input_ids = pad_sequence([torch.tensor(ids) for ids in token_ids], batch_first=True)
    lengths = torch.tensor([len(ids) for ids in token_ids])
    return input_ids, (torch.arange(input_ids.shape[1]) < lengths[:, None]).long()


def _pool(states: "torch.Tensor", mask: "torch.Tensor", pooling: str) -> "torch.Tensor":
    import torch

    if pooling == "last_token":
        return states[torch.arange(len(states)), mask.sum(dim=1) - 1]  # (B, H)
    weights = mask.unsqueeze(-1).float()  # (B, T, 1)
    return (states * weights).sum(dim=1) / weights.sum(dim=1)
