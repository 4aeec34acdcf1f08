"""Lengths in tokens of the base model, and how they are distributed. O(characters), in compiled code."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_BATCH_TEXTS = 2000


class TokenCounter(Protocol):
    """Lengths of texts, one number a text."""

    def __call__(self, texts: Sequence[str]) -> np.ndarray: ...


def tokenizer_counter(tokenizer: "PreTrainedTokenizerBase") -> TokenCounter:
    """Counts with a model's tokenizer, special tokens left out; in batches, so that no encoding is kept."""

    backend = getattr(tokenizer, "backend_tokenizer", None) if tokenizer.is_fast else None
    if backend is not None:
        # A tokenizer file may name a length to cut or to fill up to.
        backend.no_truncation()
        backend.no_padding()

    def count(texts: Sequence[str]) -> np.ndarray:
        lengths = np.zeros(len(texts), dtype=np.int64)
        for start in range(0, len(texts), _BATCH_TEXTS):
            batch = list(texts[start : start + _BATCH_TEXTS])
            if backend is not None:
                # Without offsets, half the time; nothing but ids is needed.
                encoded = backend.encode_batch_fast(batch, add_special_tokens=False)
                lengths[start : start + len(batch)] = [len(one) for one in encoded]
            else:
                ids = tokenizer(batch, add_special_tokens=False, verbose=False)["input_ids"]
                lengths[start : start + len(batch)] = [len(one) for one in ids]
        return lengths

    return count


def length_summary(lengths: np.ndarray) -> dict[str, float]:
    """Number, sum, mean, quantiles and maximum; without lengths only the number and the sum."""
    summary = {"texts": float(len(lengths)), "tokens": float(np.sum(lengths))}
    if len(lengths):
        summary |= {"mean": float(np.mean(lengths)), "max": float(np.max(lengths))}
        quantiles = np.quantile(lengths, QUANTILES)
        summary |= {f"p{round(q * 100)}": float(x) for q, x in zip(QUANTILES, quantiles, strict=True)}
    return summary


def length_histogram(lengths: np.ndarray, *, bins: int = 40) -> pd.DataFrame:
    """Counts in bins of equal width on a logarithmic scale: `from_tokens` (included), `to_tokens`, `count`.

    Lengths of answers spread over three orders of magnitude: on a plain scale most of them fall into one bin.
    """
    longest = max(int(np.max(lengths)), 1) if len(lengths) else 1
    edges = np.unique(np.rint(np.geomspace(1, longest + 1, bins + 1)).astype(np.int64))
    edges[0] = 0  # an empty text
    counts, _ = np.histogram(lengths, bins=np.append(edges[:-1], longest + 1))
    return pd.DataFrame(
        {"from_tokens": edges[:-1], "to_tokens": [*edges[1:-1], longest + 1], "count": counts}
    )
