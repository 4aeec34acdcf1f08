"""Whether an instruction is new: ROUGE-L F against all that is known, exact, without comparing all pairs.

Self-Instruct (arXiv 2212.10560), section 2.2; ROUGE-L: Lin 2004. For token sequences of lengths a and b and
the length l of their longest common subsequence:

    F = 2 P R / (P + R),  P = l / b,  R = l / a        so that  F = 2 l / (a + b)
    l <= overlap <= min(a, b)                            overlap: of the two multisets of tokens

An inverted index counts the overlap with every known text in O(postings of the text's tokens); only those
whose bound 2 overlap / (a + b) reaches the best F found so far get a subsequence, 64 tokens a machine word
(Hyyrö 2004), many texts at a time. The length bound min(a, b) is contained in the overlap, which cannot be
larger. The nearest text and its F are those of a comparison with all; the last digit is rouge_score's, since
F is worked out in its order.
Departures: without Chinese characters, tokens are those of rouge_score without a stemmer; Han, kana and
Hangul, which it throws away, are a token each. The published code tokenises and compares all pairs anew.
"""

import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from instruction_tuning.text.languages import HAN, KANA_AND_HANGUL

THRESHOLD = 0.7
_TOKEN = re.compile(rf"[a-z0-9]+|[{HAN}{KANA_AND_HANGUL}]")
_WORD_BITS = 64
_FIRST_BATCH, _MOST_IN_BATCH = 16, 1024
# The bound and F are worked out in another order; this is far above their rounding and below any step of F.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Nearest:
    """The known text that is nearest, the one added first among equals, and its ROUGE-L F in [0, 1].

    `key` is null where nothing shares a token.
    """

    key: str | None
    rouge_l: float


class NoveltyIndex:
    """Known texts by key. `add` one, `ask` for the nearest; O(tokens) memory."""

    def __init__(self, known: Iterable[tuple[str, str]] = ()) -> None:
        """`known`: pairs of key and text."""
        self._keys: list[str] = []
        self._lengths = array("i")
        self._tokens = array("i")  # of all texts, one after the other
        self._starts = array("q")
        self._vocabulary: dict[str, int] = {}
        # The texts that hold a token at least so many times, by (token, times).
        self._postings: dict[tuple[int, int], array[int]] = {}
        for key, text in known:
            self.add(key, text)

    def add(self, key: str, text: str) -> None:
        """From now on `text` is known."""
        words = rouge_tokens(text)
        number = len(self._keys)
        ids = [self._vocabulary.setdefault(word, len(self._vocabulary)) for word in words]
        for posting in _with_times(ids):
            self._postings.setdefault(posting, array("i")).append(number)
        self._keys.append(key)
        self._starts.append(len(self._tokens))
        self._lengths.append(len(ids))
        self._tokens.extend(ids)

    def ask(self, text: str) -> Nearest:
        """The nearest known text; F 0 where there is none."""
        words = rouge_tokens(text)
        # A word that no text holds has no posting, and a number of its own.
        ids = [self._vocabulary.get(word, -1) for word in words]
        overlap = np.zeros(len(self._keys), dtype=np.int32)
        for posting in _with_times(ids):
            if posting in self._postings:
                overlap[np.frombuffer(self._postings[posting], dtype=np.int32)] += 1
        found = np.flatnonzero(overlap)
        if not len(found):
            return Nearest(None, 0.0)
        lengths = np.frombuffer(self._lengths, dtype=np.int32)[found]
        bounds = 2.0 * overlap[found] / (lengths + len(ids))
        number, rouge_l = self._best(ids, found, lengths, bounds)
        return Nearest(self._keys[number], rouge_l)

    def _best(
        self, ids: list[int], found: NDArray[np.intp], lengths: NDArray[np.int32], bounds: NDArray[np.float64]
    ) -> tuple[int, float]:
        """Which of the texts `found` has the highest F, and that; by falling bound, in growing batches."""
        # What the likeliest few reach leaves little to be put in order.
        likeliest = np.argpartition(-bounds, min(_FIRST_BATCH, len(bounds)) - 1)[:_FIRST_BATCH]
        common = self._common(ids, found[likeliest], lengths[likeliest])
        reached = float(rouge_l_of(common, len(ids), lengths[likeliest]).max())
        left = np.flatnonzero(bounds >= reached - _ROUNDING)
        order = left[np.argsort(-bounds[left], kind="stable")]
        best, best_number, start, size = 0.0, int(found[order[0]]), 0, _FIRST_BATCH
        while start < len(order) and bounds[order[start]] >= best - _ROUNDING:
            batch = order[start : start + size]
            common = self._common(ids, found[batch], lengths[batch])
            scores = rouge_l_of(common, len(ids), lengths[batch])
            top = float(scores.max())
            first = int(found[batch[scores == top]].min())
            if top > best or (top == best and first < best_number):
                best, best_number = top, first
            start, size = start + size, min(2 * size, _MOST_IN_BATCH)
        return best_number, best

    def _common(
        self, ids: list[int], numbers: NDArray[np.intp], lengths: NDArray[np.int32]
    ) -> NDArray[np.int64]:
        """(N,): the longest common subsequence of `ids` with each of the texts `numbers`."""
        tokens = np.frombuffer(self._tokens, dtype=np.int32)
        starts = np.frombuffer(self._starts, dtype=np.int64)[numbers]
        steps = np.arange(int(lengths.max()))
        inside = steps < lengths[:, None]  # (N, longest)
        others = np.where(inside, tokens[np.where(inside, starts[:, None] + steps, 0)], -2)
        return longest_common(ids, others)


def rouge_tokens(text: str) -> list[str]:
    """Lower-case runs of a-z and 0-9, and single Han, kana and Hangul characters, in order."""
    return _TOKEN.findall(text.lower())


def rouge_l_of(common: NDArray[np.int64], length: int, lengths: NDArray[np.int32]) -> NDArray[np.float64]:
    """F of subsequences of `common` tokens of a text of `length` and others of `lengths`."""
    precision, recall = common / length, common / lengths
    together = precision + recall
    # In this order, so that what lies on the threshold falls on the side where rouge_score has it.
    return np.divide(2 * precision * recall, together, out=np.zeros_like(together), where=together > 0)


def longest_common(ids: Sequence[int], others: NDArray[np.int32]) -> NDArray[np.int64]:
    """(N,): the longest common subsequence of `ids` with each row of `others` (N, L), padded by a number
    that is not in it. O(N L ceil(len(ids) / 64)).

    A bit for each of `ids`, 1 where the subsequence has not grown:  V' = (V + (V & M)) | (V & ~M).
    """
    words = -(-len(ids) // _WORD_BITS)
    distinct, places = np.unique(np.asarray(ids), return_inverse=True)
    masks = np.zeros((len(distinct) + 1, words), dtype=np.uint64)  # the last row: in `ids` nowhere
    for bit, place in enumerate(places.tolist()):
        masks[place, bit // _WORD_BITS] |= np.uint64(1) << np.uint64(bit % _WORD_BITS)
    columns = np.searchsorted(distinct, others)
    columns[distinct[np.minimum(columns, len(distinct) - 1)] != others] = len(distinct)
    state = np.full((len(others), words), ~np.uint64(0))
    for column in columns.T:
        matched = state & masks[column]
        added = _sum(state, matched)
        state = added | (state & ~masks[column])
    return np.bitwise_count(~state).sum(axis=1, dtype=np.int64)


def _sum(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Row by row the sum of numbers of several words, the lowest first; what runs over the end is lost."""
    total = left + right
    carry = total < left
    for word in range(1, left.shape[1]):
        grown = total[:, word] + carry[:, word - 1]
        carry[:, word] |= grown < total[:, word]
        total[:, word] = grown
    return total


def _with_times(ids: Sequence[int]) -> list[tuple[int, int]]:
    """Each of `ids` with how many times it has come so far: sums over these are sums over multisets."""
    seen: dict[int, int] = {}
    places = []
    for token in ids:
        seen[token] = seen.get(token, 0) + 1
        places.append((token, seen[token]))
    return places
