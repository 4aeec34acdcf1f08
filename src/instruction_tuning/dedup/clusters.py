"""Which texts of verified pairs stay, and which ones hang together.

Two readings of "one of each cluster" are possible where A is like B, B like C, but A unlike C. The keeper of
the connected component (datatrove, data-juicer) drops C for A though nobody measured them alike, and chains
of small changes can end anywhere. Here a text is dropped only as the duplicate of one that stays and that it
was measured to be like: a maximal independent set, taken greedily in keeping order. In that chain, in keeping
order A, B, C, the text C stays; where B is the best of the three, B stays alone. The component is kept beside
it, so that a reader sees what hangs together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from instruction_tuning.dedup.shingles import Array


@dataclass(frozen=True)
class Pairs:
    """Verified pairs of positions in keeping order: `better[i] < worse[i]`, and how similar they are."""

    better: Array  # (pairs,) int64
    worse: Array  # (pairs,) int64
    similarity: Array  # (pairs,) float64


def all_pairs(parts: Sequence[tuple[Array, Array, Array]]) -> Pairs:
    """The pairs of all batches (better, worse, similarity)."""
    if not parts:
        return Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    return Pairs(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def duplicate_of(count: int, kinds: Sequence[Pairs]) -> tuple[Array, Array, Array]:
    """For each of `count` positions the one that stays in its place, -1 where it stays itself; their
    similarity; and in which of `kinds` they are a pair, -1 for none.

    The first kind that has one, in it the most similar of those that stay, of equals the best.
    O(pairs log pairs).
    """
    kept_for = np.full(count, -1, np.int64)
    similarity = np.full(count, np.nan)
    kind = np.full(count, -1, np.int64)
    pairs = all_pairs([(one.better, one.worse, one.similarity) for one in kinds])
    kind_of = np.repeat(np.arange(len(kinds)), [len(one.better) for one in kinds])
    order = np.lexsort((pairs.better, -pairs.similarity, kind_of, pairs.worse))
    columns = (pairs.better, pairs.worse, pairs.similarity, kind_of)
    for better, worse, alike, of_kind in zip(*(column[order].tolist() for column in columns), strict=True):
        # Positions before `worse` have been decided on already.
        if kept_for[worse] == -1 and kept_for[better] == -1:
            kept_for[worse], similarity[worse], kind[worse] = better, alike, of_kind
    return kept_for, similarity, kind


def components(count: int, left: Array, right: Array) -> Array:
    """The connected component of each position, named by its first one (union by scipy)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    first = np.full(count, count, np.int64)
    np.minimum.at(first, labels, np.arange(count))
    return first[labels]
