"""Semantic duplicates: texts whose embeddings point the same way, as in SemDeDup (Abbas et al., 2303.09540).

The paper clusters by k-means and compares within clusters, so that nothing of size N x N is ever there.
Departures:

* A text is compared with those of its nearest cluster that have that cluster among their two nearest: pairs
  at a border, which the paper loses, are found.
* Which text stays is the caller's keeping order, not the distance to the centre.
* Up to 4,096 texts are compared with each other at once, without clusters.

* Embeddings that lose much (128 axes of TF-IDF take "net worth" for "polarization") only propose:
  `confirmed` measures the cosine of each pair again, on vectors that lose nothing.
* A cosine cannot tell "first season" from "second season", nor two tasks on one long passage. What is
  confirmed has the same numbers (in words too) and negations, and outside paragraphs that both texts have
  one says all that the other says and adds at most a quarter: a replaced word is another request.

O(N K D) for K = N / 2,048 clusters and O(N 4,096 D) for the pairs on average; memory is O(N D) and one block
of cosines. Every pair has the exact cosine of its vectors.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from instruction_tuning.dedup.clusters import Pairs, all_pairs
from instruction_tuning.dedup.content_guard import Paragraphs, paragraphs_of
from instruction_tuning.dedup.shingles import Array
from instruction_tuning.text.number_words import with_ordinals_as_digits
from instruction_tuning.text.tokens import Tokens, negations, numbers

_COMPARE_ALL_UP_TO = 4_096
_CLUSTER_TEXTS = 2_048
_BLOCK = 2_048
_TRAINED_ON = 100_000
_PAIRS_PER_BATCH = 1 << 17
_MAX_ADDED_SHARE = 0.25
# They bind what is said; exchanged for each other, they replace nothing.
_BINDING_WORDS = frozenset(("of", "in", "for", "is", "are", "that", "this", "these", "its", "their", "and"))
# What stands behind them may change places with nothing: "miles to kilometres" is not "kilometres to miles".
_DIRECTIONS = frozenset(("to", "into", "from", "than", "before", "after", "by", *"从到成为比给"))


def semantic_pairs(embeddings: Array, similarity: float, *, seed: int) -> Pairs:
    """Pairs of rows of `embeddings` (N, D), unit vectors in keeping order, whose cosine reaches `similarity`.

    Zero vectors are like nothing.
    """
    found = []
    for own, others in _neighbourhoods(embeddings, seed):
        for start in range(0, len(own), _BLOCK):
            rows = own[start : start + _BLOCK]
            for begin in range(0, len(others), _BLOCK):
                columns = others[begin : begin + _BLOCK]
                cosines = embeddings[rows] @ embeddings[columns].T  # (rows, columns)
                row, column = np.nonzero(cosines >= similarity)
                one, other = rows[row], columns[column]
                different = one != other
                found.append(
                    (
                        np.minimum(one, other)[different],
                        np.maximum(one, other)[different],
                        cosines[row, column][different].astype(np.float64),
                    )
                )
    pairs = all_pairs(found)
    _, once = np.unique(pairs.better * len(embeddings) + pairs.worse, return_index=True)
    return Pairs(pairs.better[once], pairs.worse[once], np.minimum(pairs.similarity[once], 1.0))


def confirmed(pairs: Pairs, vectors: Any, texts: Sequence[str], similarity: float) -> Pairs:
    """The pairs whose rows of `vectors` (N, terms), sparse and unit-length, have a cosine of `similarity`
    too, and whose texts ask for the same."""
    found = []
    for start in range(0, len(pairs.better), _PAIRS_PER_BATCH):
        better, worse = (side[start : start + _PAIRS_PER_BATCH] for side in (pairs.better, pairs.worse))
        cosines = np.asarray(vectors[better].multiply(vectors[worse]).sum(axis=1)).ravel().astype(np.float64)
        alike = np.flatnonzero(cosines >= similarity)
        same: list[int] = [
            place
            for place in alike.tolist()
            if _ask_the_same(_said(texts[better[place]]), _said(texts[worse[place]]))
        ]
        found.append((better[same], worse[same], np.minimum(cosines[same], 1.0)))
    return all_pairs(found)


def _said(text: str) -> Paragraphs:
    """The content of each paragraph, with all numbers in digits."""
    return tuple(
        tuple(with_ordinals_as_digits(" ".join(paragraph)).split()) for paragraph in paragraphs_of(text)
    )


def _ask_the_same(left: Paragraphs, right: Paragraphs) -> bool:
    shared = set(left) & set(right)
    one, other = (_joined(side, shared) for side in (left, right))
    ones, others = Counter(one), Counter(other)
    only_one, only_other = ones - others, others - ones
    return (
        numbers(one) == numbers(other)
        and sorted(negations(one)) == sorted(negations(other))
        and not (only_one.keys() - _BINDING_WORDS and only_other.keys() - _BINDING_WORDS)
        and only_one.total() + only_other.total() <= _MAX_ADDED_SHARE * max(len(one), len(other))
        and _same_directions(one, other)
    )


def _joined(paragraphs: Paragraphs, without: set[Tokens]) -> Tokens:
    return tuple(token for paragraph in paragraphs if paragraph not in without for token in paragraph)


def _same_directions(one: Tokens, other: Tokens) -> bool:
    for word in _DIRECTIONS & set(one) & set(other):
        ones, others = (
            {behind for token, behind in pairwise(side) if token == word} for side in (one, other)
        )
        if not (ones <= others or others <= ones):
            return False
    return True


def _neighbourhoods(embeddings: Array, seed: int) -> Iterator[tuple[Array, Array]]:
    """The texts of each cluster, and those that are to be compared with them."""
    count = len(embeddings)
    if count <= _COMPARE_ALL_UP_TO:
        yield np.arange(count), np.arange(count)
        return
    nearest = _two_nearest(embeddings, _centres(embeddings, seed))  # (N, 2)
    order = np.argsort(nearest[:, 0], kind="stable")
    clusters = np.unique(nearest[:, 0])
    firsts = np.split(order, np.searchsorted(nearest[order, 0], clusters[1:]))
    second_order = np.argsort(nearest[:, 1], kind="stable")
    in_second_order = nearest[second_order, 1]
    for cluster, own in zip(clusters, firsts, strict=True):
        low, high = np.searchsorted(in_second_order, [cluster, cluster + 1])
        yield own, np.concatenate([own, second_order[low:high]])


def _centres(embeddings: Array, seed: int) -> Array:
    from sklearn.cluster import MiniBatchKMeans

    rng = np.random.default_rng(seed)
    count = len(embeddings)
    sample = embeddings
    if count > _TRAINED_ON:
        sample = embeddings[np.sort(rng.choice(count, _TRAINED_ON, replace=False))]
    clusters = max(2, count // _CLUSTER_TEXTS)
    means = MiniBatchKMeans(clusters, random_state=seed % 2**32, batch_size=4096, n_init=1, max_iter=20)
    centres: Array = means.fit(sample).cluster_centers_
    norms = np.linalg.norm(centres, axis=1, keepdims=True)
    return (centres / np.where(norms > 0, norms, 1)).astype(np.float32)


def _two_nearest(embeddings: Array, centres: Array) -> Array:
    nearest = np.empty((len(embeddings), 2), np.int64)
    for start in range(0, len(embeddings), _BLOCK):
        cosines = embeddings[start : start + _BLOCK] @ centres.T
        two = np.argpartition(-cosines, 1, axis=1)[:, :2]
        best = np.argsort(-np.take_along_axis(cosines, two, axis=1), axis=1, kind="stable")
        nearest[start : start + len(two)] = np.take_along_axis(two, best, axis=1)
    return nearest
