"""Which tokens of an item say nothing about it: the wording that many items of its benchmark share.

A token is template when an n-gram of at least so many different questions of the benchmark covers it, or a
phrase of the user's does. Derived from the items, like GPT-3's stop-list from its documents (2005.14165,
appendix C: n-grams in more than 10 documents). O(tokens of the items).
"""

from collections.abc import Sequence

import numpy as np

from instruction_tuning.decontamination.items import EvaluationItem
from instruction_tuning.decontamination.token_ids import chunk_of, distinct
from instruction_tuning.text.tokens import Tokens, tokens


def template_masks(
    items: Sequence[EvaluationItem],
    encoded: Sequence[Sequence[int]],
    cut: Sequence[Tokens],
    *,
    ngram_tokens: int,
    template_items: int,
    templates: Sequence[str],
) -> list[np.ndarray]:
    """For each item's tokens, (T,) bool: whether it is template."""
    masks = [np.zeros(len(ids), bool) for ids in encoded]
    of_benchmark: dict[str, list[int]] = {}
    for position, item in enumerate(items):
        of_benchmark.setdefault(item.benchmark, []).append(position)
    for positions in of_benchmark.values():
        if len(positions) > template_items:
            _mark_frequent(
                [encoded[p] for p in positions], [masks[p] for p in positions], ngram_tokens, template_items
            )
    phrases = [phrase for phrase in map(tokens, templates) if phrase]
    for mask, sequence in zip(masks, cut, strict=True):
        for phrase in phrases:
            for start in occurrences(sequence, phrase):
                mask[start : start + len(phrase)] = True
    return masks


def _mark_frequent(
    encoded: Sequence[Sequence[int]], masks: Sequence[np.ndarray], size: int, most: int
) -> None:
    chunk = chunk_of(encoded)
    hashes, starts = chunk.grams(size)
    owners = chunk.owners[starts]
    # A question that is there twice is counted once.
    numbers: dict[tuple[int, ...], int] = {}
    question = np.array([numbers.setdefault(tuple(ids), len(numbers)) for ids in encoded])
    unique, gram = np.unique(hashes, return_inverse=True)
    pairs = distinct(gram.astype(np.int64) * len(numbers) + question[owners])
    is_template = np.bincount(pairs // len(numbers), minlength=len(unique)) > most
    begins = np.searchsorted(chunk.owners, np.arange(len(encoded)))
    for start, owner in zip(starts[is_template[gram]], owners[is_template[gram]], strict=True):
        place = start - begins[owner]
        masks[owner][place : place + size] = True


def occurrences(sequence: Sequence[object], part: Sequence[object]) -> list[int]:
    """Where `part` begins in `sequence`; none for an empty part."""
    size = len(part)
    if not size:
        return []
    first = part[0]
    return [
        start
        for start in range(len(sequence) - size + 1)
        if sequence[start] == first and sequence[start : start + size] == part
    ]
