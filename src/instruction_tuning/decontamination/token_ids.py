"""Texts as numbers, so that a million of them can be searched for the n-grams of a benchmark in
compiled code.

Only the tokens of the benchmark have a number; any other token is 0, and an n-gram that holds one cannot be
an item's. N-grams are hashed over a whole chunk of texts at once (`text.ngram_hashes`). A collision costs a
comparison: what is found is compared token by token.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from instruction_tuning.text.ngram_hashes import mixed, ngram_sums
from instruction_tuning.text.tokens import Tokens, tokens

CHUNK_TEXTS = 20_000


class Vocabulary:
    """The tokens of a benchmark, numbered from 1 in order of appearance."""

    def __init__(self, texts: Sequence[Tokens]) -> None:
        self._ids: dict[str, int] = {}
        for cut in texts:
            for token in cut:
                self._ids.setdefault(token, len(self._ids) + 1)

    def encode(self, cut: Tokens) -> list[int]:
        """One number a token; 0 for what no item has."""
        of = self._ids.get
        return [of(token, 0) for token in cut]


@dataclass(frozen=True)
class Chunk:
    """Texts joined to one line of numbers."""

    first: int  # position of its first text
    ids: np.ndarray  # (T,) uint32
    owners: np.ndarray  # (T,) int32, position of the text in the chunk

    def grams(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Hashes and starts of all n-grams of `size` tokens that lie in one text and hold no 0.

        Returns (N,) uint64 and (N,) int64.
        """
        count = len(self.ids) - size + 1
        if count <= 0:
            return np.empty(0, np.uint64), np.empty(0, np.int64)
        unknown = np.concatenate(([0], np.cumsum(self.ids == 0)))
        whole = (unknown[size:] == unknown[:-size]) & (self.owners[:count] == self.owners[size - 1 :])
        starts = np.flatnonzero(whole)
        return mixed(ngram_sums(self.ids.astype(np.uint64), size)[starts]), starts


def chunks(
    texts: Sequence[str], records: np.ndarray, vocabulary: Vocabulary, *, chunk_texts: int = CHUNK_TEXTS
) -> Iterator[Chunk]:
    """`texts` as numbers, about `chunk_texts` at a time: the texts of a record stay together."""
    first = 0
    while first < len(texts):
        last = min(first + chunk_texts, len(texts)) - 1
        end = int(np.searchsorted(records, records[last], side="right"))
        yield chunk_of([vocabulary.encode(tokens(text)) for text in texts[first:end]], first)
        first = end


def chunk_of(encoded: Sequence[Sequence[int]], first: int = 0) -> Chunk:
    """The texts of `encoded` in a row."""
    lengths = np.fromiter((len(ids) for ids in encoded), np.int64, len(encoded))
    total = int(lengths.sum())
    ids = np.fromiter((number for text in encoded for number in text), np.uint32, total)
    return Chunk(first, ids, np.repeat(np.arange(len(encoded), dtype=np.int32), lengths))


class GramTable:
    """N-grams of one size by hash: which of them stand where in a chunk."""

    def __init__(self, size: int, hashes: np.ndarray) -> None:
        self.size = size
        self.hashes = distinct(hashes)  # (G,) uint64
        # Most n-grams of a pool are in no item: one look into 16 MiB says so.
        self._may_have = np.zeros(1 << 24, bool)
        self._may_have[self.hashes >> np.uint64(40)] = True

    def __len__(self) -> int:
        return len(self.hashes)

    def positions(self, hashes: np.ndarray) -> np.ndarray:
        """The position of each hash in the table; they must be in it."""
        return np.searchsorted(self.hashes, hashes)

    def find(self, chunk: Chunk) -> tuple[np.ndarray, np.ndarray]:
        """Positions in the table and starts in the chunk of all n-grams that are in both."""
        hashes, starts = chunk.grams(self.size)
        likely = self._may_have[hashes >> np.uint64(40)]
        hashes, starts = hashes[likely], starts[likely]
        if not len(self.hashes):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        found = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        there = self.hashes[found] == hashes
        return found[there], starts[there]


def distinct(values: np.ndarray) -> np.ndarray:
    """The different values, ascending: sorting beats numpy's hash table many times over at this size."""
    ordered = np.sort(values)
    return ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))] if len(ordered) else ordered
