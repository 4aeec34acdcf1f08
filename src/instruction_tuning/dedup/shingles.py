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

import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from instruction_tuning.text.languages import HAN, KANA_AND_HANGUL
from instruction_tuning.text.ngram_hashes import NGRAM_BASE, mixed, ngram_sums
from instruction_tuning.text.tokens import punctuation_and_spaces

Array = np.ndarray[Any, np.dtype[Any]]

_CHARACTERS_PER_CHUNK = 1 << 19
_SEPARATOR, _LETTER, _DIGIT, _ALONE = range(4)
LETTERS_END = 0x33480  # no letter, digit, space or punctuation has this code point or a higher one
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
    chunks = list(_chunks(texts))
    workers = threads or _usable_cores()
    # Before the threads begin: what is cached is then made once.
    _classes(), _values(), _powers()
    with ThreadPoolExecutor(max_workers=workers) as pool:
        parts = list(pool.map(lambda chunk: _chunk_shingles(chunk, tuple(windows)), chunks))
    if not parts:
        return Shingles(np.empty(0, np.uint64), np.zeros(1, np.int64), np.empty(0, np.uint64))
    hashes, counts, contents = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return Shingles(hashes, np.concatenate([[0], np.cumsum(counts)]), contents)


def _usable_cores() -> int:
    # macOS knows no affinity.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    start = characters = 0
    for position, text in enumerate(texts):
        if position > start and characters + len(text) > _CHARACTERS_PER_CHUNK:
            yield texts[start:position]
            start, characters = position, 0
        characters += len(text)
    if start < len(texts):
        yield texts[start:]


def _chunk_shingles(texts: Sequence[str], windows: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Hashes, how many each text has, and a digest of each text's tokens."""
    token_hashes, tokens = _token_hashes(texts)
    starts = np.cumsum(tokens) - tokens
    spoken = np.flatnonzero(tokens)
    contents = np.zeros(len(texts), np.uint64)
    contents[spoken] = mixed(_ordered_sum(token_hashes, starts, tokens, spoken)) | np.uint64(1)
    text_of = np.repeat(np.arange(len(texts)), tokens)
    sums, texts_of = [], []
    for size in sorted(set(windows)):
        of_size, text = _windows(token_hashes, text_of, size)
        sums.append(of_size)
        texts_of.append(text)
    short = np.flatnonzero((tokens > 0) & (tokens < min(windows)))
    sums.append(_ordered_sum(token_hashes, starts, tokens, short))
    texts_of.append(short)
    counts = np.bincount(np.concatenate(texts_of), minlength=len(texts))
    hashes = mixed(np.concatenate(sums))
    if len(set(windows)) > 1 or len(short):
        hashes = hashes[np.argsort(np.concatenate(texts_of), kind="stable")]
    return hashes, counts, contents


def _token_hashes(texts: Sequence[str]) -> tuple[Array, Array]:
    """The hash of every token of all texts in order, and how many tokens each text has."""
    folded = [text.casefold() for text in texts]
    joined = "\n".join(folded)
    if joined.isascii():
        encoded = joined.encode("ascii")
        codes: Array = np.frombuffer(encoded, dtype=np.uint8)
        kinds = np.frombuffer(bytearray(encoded.translate(_classes()[:256].tobytes())), dtype=np.uint8)
    else:
        codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        codes = np.where((codes > 0xFF00) & (codes < 0xFF5F), codes - 0xFEE0, codes)
        if ((codes > 0x40) & (codes < 0x5B)).any():  # full-width capitals
            codes = np.where((codes > 0x40) & (codes < 0x5B), codes + 0x20, codes)
        kinds = _classes().take(codes)
    kinds[_minus_signs(codes, kinds)] = _ALONE
    begins = np.empty(len(kinds), bool)
    begins[:1] = True
    np.not_equal(kinds[1:], kinds[:-1], out=begins[1:])
    begins |= kinds == _ALONE
    begins &= kinds != _SEPARATOR
    starts = np.flatnonzero(begins)
    bounds = np.cumsum(np.fromiter(map(len, folded), np.int64, len(folded)) + 1)
    tokens = np.diff(np.searchsorted(starts, bounds), prepend=0)
    if not len(starts):
        return np.empty(0, np.uint64), tokens
    power, inverse = _powers(len(codes))
    # Separators count nothing, so what has come together from one token's start to the next is its own.
    values = _values().take(codes, mode="clip")
    values *= power[: len(codes)]
    np.cumsum(values, out=values)
    before = np.append(values[starts - 1], values[-1])
    before[0] = 0  # what stands before the first token counts nothing
    return np.diff(before) * inverse[starts], tokens


def _windows(token_hashes: Array, text_of: Array, size: int) -> tuple[Array, Array]:
    """The sum of every window that lies within one text, and that text."""
    sums = ngram_sums(token_hashes, size)
    whole = text_of[: len(sums)] == text_of[size - 1 :]
    return sums[whole], text_of[: len(sums)][whole]


def _ordered_sum(token_hashes: Array, firsts: Array, tokens: Array, rows: Array) -> Array:
    """For each of `rows`, the sum over all tokens of the text, each weighed by its place."""
    if not len(rows):
        return np.empty(0, np.uint64)
    lengths = tokens[rows]
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    place = np.arange(int(lengths.sum())) - np.repeat(starts, lengths)
    weights = _step_powers(int(lengths.max()))
    return np.add.reduceat(token_hashes[np.repeat(firsts[rows], lengths) + place] * weights[place], starts)


def _minus_signs(codes: Array, kinds: Array) -> Array:
    """Where a dash stands before a number, with at most one space between."""
    dash = (codes == 0x2D) | (codes == 0x2212) | (codes == 0x2013)
    digit = np.concatenate([kinds == _DIGIT, [False, False]])
    space = np.concatenate([codes == 0x20, [False]])
    return dash & (digit[1:-1] | (space[1:] & digit[2:]))


@cache
def _classes() -> Array:
    """What each code point is: separator, letter, digit or a token of its own."""
    text = "".join(map(chr, range(LETTERS_END)))
    kinds = np.full(0x110000, _ALONE, np.uint8)
    for pattern, kind in (
        (punctuation_and_spaces(), _SEPARATOR),
        (r"[^\W\d_]", _LETTER),
        (r"\d", _DIGIT),
        (f"[{HAN}{KANA_AND_HANGUL}]", _ALONE),
    ):
        found = [match.start() for match in re.finditer(pattern, text)]
        kinds[found] = kind
    return kinds


@cache
def _values() -> Array:
    """A random number for each code point that is part of tokens, 0 for the others and minus signs."""
    values = mixed((np.arange(0x110000, dtype=np.uint64) + np.uint64(1)) * np.uint64(_BASE))
    values[_classes() == _SEPARATOR] = 0
    return values


def _powers(length: int = 0) -> tuple[Array, Array]:
    """B^i and B^-i modulo 2^64, for at least `length` places."""
    size = 1 << max(_CHARACTERS_PER_CHUNK.bit_length(), length.bit_length())
    return _powers_of(_BASE, size), _powers_of(pow(_BASE, -1, 1 << 64), size)


def _step_powers(length: int) -> Array:
    return _powers_of(NGRAM_BASE, 1 << max(10, length.bit_length()))


@cache
def _powers_of(base: int, size: int) -> Array:
    factors = np.full(size, np.uint64(base))
    factors[0] = 1
    return np.cumprod(factors)
