"""Pairs of texts that share a band of their MinHash signatures (Broder 1997; 2107.06499).

Signatures are rensa's. Its one-pass test for shared bands names the texts that share any; only their
signatures come to Python, where each band is one sort. Expected O(N) for texts that differ.

Texts are given from the most to the least worth keeping, and in a bucket each is paired with the
`MOST_RIVALS` best ones only: a template of a million prompts, all of them different, costs a million times
that and not its square. A pair comes once, from the first band that it shares.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from instruction_tuning.dedup.batches import batches_of
from instruction_tuning.dedup.lsh_settings import LshSettings
from instruction_tuning.dedup.shingles import Array, Shingles

MOST_RIVALS = 256
_PAIRS_PER_BATCH = 1 << 20
_ROWS_PER_BATCH = 1 << 8  # as numbers of Python, which are slow where they leave the cache


def candidate_pairs(
    shingles: Shingles, settings: LshSettings, *, seed: int, among: Array | None = None
) -> Iterator[tuple[Array, Array]]:
    """Batches of (better, worse) positions, better < worse; texts without shingles are in no pair.

    `among`, (N,) bool: the texts that may be in pairs, all where it is not given.
    """
    eligible = np.diff(shingles.offsets) > 0
    if among is not None:
        eligible &= among
    rows, keys = _band_keys(shingles, settings, seed, eligible)  # (F,), (F, bands)
    for band in range(settings.bands):
        for better, worse in _pairs_of_band(keys[:, band]):
            new = np.ones(len(better), bool)
            for earlier in range(band):
                new &= keys[better, earlier] != keys[worse, earlier]
            yield rows[better[new]], rows[worse[new]]


def _band_keys(shingles: Shingles, settings: LshSettings, seed: int, eligible: Array) -> tuple[Array, Array]:
    """The eligible texts that share a band with another, and one 64-bit key a band for each."""
    from rensa import RMinHash, RMinHashLSH

    def signatures(of: Shingles) -> Any:
        return RMinHash.digest_matrix_from_flat_token_hashes(
            of.hashes, of.offsets.astype(np.uint64), num_perm=settings.permutations, seed=seed
        )

    # The threshold of the index serves only its own similarity test, which is not used here.
    index = RMinHashLSH(threshold=0.5, num_perm=settings.permutations, num_bands=settings.bands)
    shares = np.array(index.query_duplicate_flags_matrix_one_shot(signatures(shingles)), dtype=bool)
    rows = np.flatnonzero(shares & eligible)
    keys = np.empty((len(rows), settings.bands), np.uint64)
    for start in range(0, len(rows), _ROWS_PER_BATCH):
        some = rows[start : start + _ROWS_PER_BATCH]
        values = np.array(signatures(shingles.take(some)).to_rows(), dtype=np.uint64)
        keys[start : start + len(some)] = _hashed(values.reshape(len(some), settings.bands, settings.rows))
    return rows, keys


def _hashed(values: Array) -> Array:
    """One 64-bit hash for the values of each band: (F, bands, rows) to (F, bands)."""
    hashed = np.zeros(values.shape[:2], np.uint64)
    for row in range(values.shape[2]):
        hashed = (hashed ^ values[:, :, row]) * np.uint64(0x9E3779B97F4A7C15)
        hashed ^= hashed >> np.uint64(29)
    return hashed


def _pairs_of_band(keys: Array) -> Iterator[tuple[Array, Array]]:
    """Batches of pairs with one key; each text with the best of its bucket."""
    order = np.argsort(keys, kind="stable")
    in_order = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], in_order[1:] != in_order[:-1]])) if len(keys) else order
    sizes = np.diff(np.append(starts, len(keys)))
    start_of = np.repeat(starts, sizes)
    rivals = np.minimum(np.arange(len(keys)) - start_of, MOST_RIVALS)
    for begin, end in batches_of(rivals, _PAIRS_PER_BATCH):
        counts = rivals[begin:end]
        if counts.any():
            member = np.repeat(np.arange(begin, end), counts)
            within = np.arange(len(member)) - np.repeat(np.cumsum(counts) - counts, counts)
            yield order[start_of[member] + within], order[member]
