"""The true Jaccard similarity of candidate pairs, many at a time.

J(A, B) = |A n B| / |A u B| over the sets of hashed shingles, at least 40 bits of each hash. A set is a row
of a sparse matrix, so that the intersections of all pairs are one elementwise product, compiled in scipy:
O(n log n) in the shingles of the pairs, a batch at a time.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from instruction_tuning.dedup.batches import batches_of, usable_cores
from instruction_tuning.dedup.shingles import Array, Shingles

_SHINGLES_PER_BATCH = 1 << 18


def jaccard_similarities(shingles: Shingles, left: Array, right: Array) -> Array:
    """One similarity a pair, (pairs,) float64; texts without shingles are like nothing."""
    lengths = np.diff(shingles.offsets)
    batches = [slice(*ends) for ends in batches_of(lengths[left] + lengths[right], _SHINGLES_PER_BATCH)]
    with ThreadPoolExecutor(max_workers=usable_cores()) as pool:
        parts = pool.map(lambda batch: _of_batch(shingles, left[batch], right[batch]), batches)
        return np.concatenate([np.empty(0), *parts])


def _of_batch(shingles: Shingles, left: Array, right: Array) -> Array:
    from scipy.sparse import csr_array

    rows, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    hashes, offsets = _as_sets(shingles.take(rows))
    sets = csr_array(
        (np.ones(len(hashes), np.int8), hashes.view(np.int64), offsets), shape=(len(rows), 1 << 62)
    )
    sets.has_canonical_format = True
    first, second = places[: len(left)], places[len(left) :]
    shared = np.diff(sets[first].multiply(sets[second]).indptr)
    sizes = np.diff(offsets)
    union = sizes[first] + sizes[second] - shared
    return np.divide(shared, union, out=np.zeros(len(left)), where=union > 0)


def _as_sets(shingles: Shingles) -> tuple[Array, Array]:
    """Ascending hashes, each once a text, and where each text's begin: one sort of (text, hash)."""
    counts = np.diff(shingles.offsets)
    bits = np.uint64(63 - len(counts).bit_length())
    text = np.repeat(np.arange(len(counts), dtype=np.uint64), counts)
    keys = (text << bits) | (shingles.hashes >> (np.uint64(64) - bits))
    keys.sort()
    new = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    keys = keys[new]
    sizes = np.bincount((keys >> bits).astype(np.int64), minlength=len(counts))
    return keys & ((np.uint64(1) << bits) - np.uint64(1)), np.concatenate([[0], np.cumsum(sizes)])
