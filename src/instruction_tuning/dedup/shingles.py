"""Texts as hashed shingles, in numpy: a corpus is cut and hashed as one array.

A shingle is a window of n neighbouring tokens (Broder 1997). Tokens are nearly those of `text.tokens.tokens`,
from one pass over the code points instead of a regular expression a text: runs of letters, runs of digits,
single Han, kana and Hangul characters, single symbols that are no punctuation; case-folded, full-width forms
as plain ones. Departures: "3.14" is two tokens.

A token is hashed as a polynomial in its code points, sum v(c_i) B^i mod 2^64 with random v and odd B, which
makes every hash of a corpus one product and one running sum; a window as in `text.ngram_hashes`.

O(characters) time; 8 bytes a window are kept. Chunks run on as many threads as there are cores, and the
result depends on none of that.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from instruction_tuning.dedup.batches import batches_of, usable_cores
from instruction_tuning.dedup.code_points import ALONE, DASH, DIGIT, EXPANDS, SEPARATOR, tables_for
from instruction_tuning.text.ngram_hashes import NGRAM_BASE, mixed, ngram_sums

Array = np.ndarray[Any, np.dtype[Any]]

_CHARACTERS_PER_CHUNK = 1 << 18
_BASE = 0x9E3779B97F4A7C15  # odd


@dataclass(frozen=True)
class Shingles:
    """Those of text i are `hashes[offsets[i]:offsets[i + 1]]`, repeated ones as often as they occur.
    `contents[i]` is a digest of its tokens in order, 0 where it has none."""

    hashes: Array  # (windows,) uint64
    offsets: Array  # (N + 1,) int64
    contents: Array  # (N,) uint64

    def take(self, rows: Array) -> "Shingles":
        """Those of some texts, in the order of `rows`."""
        sizes = np.diff(self.offsets)[rows]
        starts = self.offsets[rows]
        parts = [self.hashes[start:end] for start, end in zip(starts, starts + sizes, strict=True)]
        hashes = np.concatenate(parts) if parts else self.hashes[:0]
        return Shingles(hashes, np.concatenate([[0], np.cumsum(sizes)]), self.contents[rows])


def shingles_of(texts: Sequence[str], windows: Sequence[int], *, threads: int | None = None) -> Shingles:
    """The windows of all the given sizes, in tokens; a text shorter than the smallest is one window."""
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    chunks = [texts[start:end] for start, end in batches_of(lengths, _CHARACTERS_PER_CHUNK)]
    workers = threads or usable_cores()
    _powers(0), _powers(0, NGRAM_BASE)  # before the threads begin: what is cached is then made once
    hashes, counts, contents = np.empty(0, np.uint64), [], []
    filled = 0
    with ThreadPoolExecutor(max_workers=workers) as pool:
        parts = pool.map(lambda chunk: _chunk_shingles(chunk, tuple(windows)), chunks)
        for number, (part, part_counts, part_contents) in enumerate(parts, start=1):
            # One large array instead of all its parts and then their sum: new memory is what takes the time.
            if filled + len(part) > len(hashes):
                needed = filled + len(part)
                # As many as the chunks so far let expect, which may have been other than what follows.
                larger = np.empty(min(needed * (len(chunks) + 16) // number, 4 * needed), np.uint64)
                larger[:filled] = hashes[:filled]
                hashes = larger
            hashes[filled : filled + len(part)] = part
            filled += len(part)
            counts.append(part_counts)
            contents.append(part_contents)
    offsets = np.cumsum(np.concatenate([np.zeros(1, np.int64), *counts]))
    return Shingles(hashes[:filled], offsets, np.concatenate([np.empty(0, np.uint64), *contents]))


def _chunk_shingles(texts: Sequence[str], windows: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Hashes, how many each text has, and a digest of each text's tokens."""
    token_hashes, tokens = _token_hashes(texts)
    spoken = np.flatnonzero(tokens)
    whole, contents = np.zeros((2, len(texts)), np.uint64)
    whole[spoken] = _ordered_sums(token_hashes, tokens[spoken])
    contents[spoken] = mixed(whole[spoken]) | np.uint64(1)
    short = (tokens > 0) & (tokens < min(windows))
    sizes = sorted(set(windows))
    counts = [*(np.maximum(tokens - size + 1, 0) for size in sizes), short.astype(np.int64)]
    hashes = mixed(np.concatenate([*(_windows(token_hashes, tokens, size) for size in sizes), whole[short]]))
    if len(sizes) > 1 or short.any():
        text_of = np.concatenate([np.repeat(np.arange(len(texts)), count) for count in counts])
        hashes = hashes[np.argsort(text_of, kind="stable")]
    return hashes, sum(counts), contents


def _token_hashes(texts: Sequence[str]) -> tuple[Array, Array]:
    """The hash of every token of all texts in order, and how many tokens each text has."""
    joined = "\n".join(texts)
    if joined.isascii():
        codes: Array = np.frombuffer(joined.encode("ascii"), dtype=np.uint8)
    else:
        codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    places = codes.astype(np.intp)
    classes, numbers = tables_for(places.max(initial=0))
    kinds = classes.take(places, mode="clip")
    if (kinds == EXPANDS).any():
        return _token_hashes([text.casefold() for text in texts])
    dashes = np.flatnonzero(kinds == DASH)
    kinds[dashes] = np.where(_are_minus_signs(dashes, codes, kinds), ALONE, SEPARATOR)
    begins = np.empty(len(kinds), bool)
    begins[:1] = True
    np.not_equal(kinds[1:], kinds[:-1], out=begins[1:])
    begins |= kinds == ALONE
    begins &= kinds != SEPARATOR
    starts = np.flatnonzero(begins)
    bounds = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1)
    tokens = np.diff(np.searchsorted(starts, bounds), prepend=0)
    if not len(starts):
        return np.empty(0, np.uint64), tokens
    power, inverse = _powers(len(codes))
    # Separators count nothing, so what has come together from one token's start to the next is its own.
    values = numbers.take(places, mode="clip")
    values *= power[: len(codes)]
    np.cumsum(values, out=values)
    before = np.append(values[starts - 1], values[-1])
    before[0] = 0  # what stands before the first token counts nothing
    return np.diff(before) * inverse[starts], tokens


def _windows(token_hashes: Array, tokens: Array, size: int) -> Array:
    """The sum of every window that lies within one text."""
    sums = ngram_sums(token_hashes, size)
    within = np.ones(len(sums), bool)
    # The last tokens of each text begin windows that reach into the next.
    last = (np.cumsum(tokens)[:, np.newaxis] - np.arange(1, size)).ravel()
    within[last[(last >= 0) & (last < len(sums))]] = False
    return sums[within]


def _ordered_sums(token_hashes: Array, tokens: Array) -> Array:
    """For texts that all have tokens, the sum over these, each weighed by its place."""
    if not len(tokens):
        return np.empty(0, np.uint64)
    starts = np.cumsum(tokens) - tokens
    power, inverse = _powers(len(token_hashes), NGRAM_BASE)
    return np.add.reduceat(token_hashes * power[: len(token_hashes)], starts) * inverse[starts]


def _are_minus_signs(dashes: Array, codes: Array, kinds: Array) -> Array:
    """Which of the dashes stand before a number, with at most one space between."""
    last = len(codes) - 1
    after, second = np.minimum(dashes + 1, last), np.minimum(dashes + 2, last)
    return (kinds[after] == DIGIT) | ((codes[after] == 0x20) & (kinds[second] == DIGIT))


def _powers(length: int, base: int = _BASE) -> tuple[Array, Array]:
    """B^i and B^-i modulo 2^64, for at least `length` places."""
    size = 1 << max(_CHARACTERS_PER_CHUNK, length).bit_length()
    return _powers_of(base, size), _powers_of(pow(base, -1, 1 << 64), size)


@cache
def _powers_of(base: int, size: int) -> Array:
    factors = np.full(size, np.uint64(base))
    factors[0] = 1
    return np.cumprod(factors)
