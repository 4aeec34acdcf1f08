"""The n-grams of all items, and which items a text may hold by them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from instruction_tuning.decontamination.prepared_items import Kind, PreparedItem
from instruction_tuning.decontamination.rules import NgramRules
from instruction_tuning.decontamination.token_ids import Chunk, GramTable, Vocabulary, chunk_of, distinct


class GramIndex:
    """First `count` every chunk of a pool, then `settle`, then ask for `candidates`.

    An item is looked up by its evidence: it is a candidate in a text that holds `min_overlap_share` of that.
    An item without evidence, and one that is looked for as a whole, has an anchor instead: of the n-grams
    that a text must hold anyway, the one that the fewest records have.
    """

    def __init__(self, prepared: Sequence[PreparedItem], vocabulary: Vocabulary, rules: NgramRules) -> None:
        self._rules = rules
        self._items = len(prepared)
        self._tables: dict[int, GramTable] = {}
        self._entries: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        for size, parts in _entries(prepared, vocabulary, rules).items():
            hashes, owners, is_evidence = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
            table = GramTable(size, hashes)
            self._tables[size] = table
            self._entries[size] = (table.positions(hashes), owners, is_evidence)
        self._counts = {size: np.zeros(len(table), np.int64) for size, table in self._tables.items()}
        self._evidence: dict[int, _Postings] = {}
        self._anchors: dict[int, _Postings] = {}
        self._total = np.zeros(self._items, np.int64)

    def count(self, chunk: Chunk, records: np.ndarray) -> np.ndarray:
        """Count records by n-gram; returns the positions of the chunk's texts that hold any."""
        hit = []
        for size, table in self._tables.items():
            grams, starts = table.find(chunk)
            owners = chunk.owners[starts]
            pairs = distinct(records[chunk.first + owners] * len(table) + grams)
            self._counts[size] += np.bincount(pairs % len(table), minlength=len(table))
            hit.append(owners)
        return distinct(np.concatenate(hit)) if hit else np.empty(0, np.int64)

    def settle(self) -> None:
        """Take what many records hold out of the evidence, and choose the anchors."""
        most = self._rules.template_records
        rarest = np.full(self._items, np.iinfo(np.int64).max)
        for size, (grams, owners, is_evidence) in self._entries.items():
            kept = is_evidence if most is None else is_evidence & (self._counts[size][grams] <= most)
            owner, gram = np.divmod(
                distinct(owners[kept] * len(self._tables[size]) + grams[kept]), len(self._tables[size])
            )
            self._evidence[size] = _Postings(gram, owner)
            self._total += np.bincount(owner, minlength=self._items)
        for size, (grams, owners, _) in self._entries.items():
            np.minimum.at(rarest, owners, self._counts[size][grams])
        needs_anchor = self._total == 0
        for size, (grams, owners, _) in self._entries.items():
            chosen = needs_anchor[owners] & (self._counts[size][grams] == rarest[owners])
            # One is enough: the first of the rarest.
            needs_anchor[owners[chosen]] = False
            first = chosen & _is_first(owners, chosen)
            self._anchors[size] = _Postings(grams[first], owners[first])

    def candidates(self, chunk: Chunk) -> Iterator[tuple[int, int, float]]:
        """Text (its position in the chunk), item, and the share of the item's evidence that the text
        holds."""
        found: dict[tuple[int, int], float] = {}
        for size, table in self._tables.items():
            grams, starts = table.find(chunk)
            pairs = distinct(chunk.owners[starts].astype(np.int64) * len(table) + grams)
            texts, grams = np.divmod(pairs, len(table))
            anchored = self._anchors[size].of(texts, grams)
            found |= {(text, item): 0.0 for text, item in zip(*map(np.ndarray.tolist, anchored), strict=True)}
            texts, items = self._evidence[size].of(texts, grams)
            both, counts = np.unique(texts * self._items + items, return_counts=True)
            texts, items = np.divmod(both, self._items)
            shares = counts / self._total[items]
            enough = shares >= self._rules.min_overlap_share - 1e-9
            rows = zip(texts[enough].tolist(), items[enough].tolist(), shares[enough].tolist(), strict=True)
            found |= {(text, item): share for text, item, share in rows}
        for text, item in sorted(found):
            yield text, item, found[text, item]


class _Postings:
    """N-gram -> items, in two arrays."""

    def __init__(self, grams: np.ndarray, items: np.ndarray) -> None:
        order = np.lexsort((items, grams))
        self._grams, self._items = grams[order], items[order]

    def of(self, texts: np.ndarray, grams: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A row for each text and item that an n-gram of the text leads to."""
        low = np.searchsorted(self._grams, grams, side="left")
        lengths = np.searchsorted(self._grams, grams, side="right") - low
        offsets = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return np.repeat(texts, lengths), self._items[np.repeat(low, lengths) + offsets]


def _entries(
    prepared: Sequence[PreparedItem], vocabulary: Vocabulary, rules: NgramRules
) -> dict[int, list[tuple[np.ndarray, np.ndarray, np.ndarray]]]:
    """By size, the n-grams to look for: hashes, the item of each, whether it is evidence or only an
    anchor."""
    size = rules.ngram_tokens
    long = np.array([number for number, item in enumerate(prepared) if item.kind is Kind.LONG], np.int64)
    cores = chunk_of([vocabulary.encode(prepared[number].core) for number in long])
    hashes, starts = cores.grams(size)
    evidence = np.concatenate([[0], *(prepared[number].is_evidence for number in long)]).cumsum()
    parts = {size: [(hashes, long[cores.owners[starts]], evidence[starts + size] > evidence[starts])]}
    whole: dict[int, list[tuple[list[int], int]]] = defaultdict(list)
    for number, item in enumerate(prepared):
        looked_for = {Kind.SHORT: (item.stem,), Kind.OPTIONS: item.parts}.get(item.kind, ())
        for part in looked_for:
            if len(part) >= rules.min_item_tokens:
                whole[min(len(part), size)].append((vocabulary.encode(part[:size]), number))
    for length, rows in whole.items():
        hashes, _ = chunk_of([ids for ids, _ in rows]).grams(length)
        owners = np.array([number for _, number in rows], np.int64)
        parts.setdefault(length, []).append((hashes, owners, np.zeros(len(rows), bool)))
    return parts


def _is_first(owners: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Whether a chosen row is the first chosen one of its owner."""
    positions = np.flatnonzero(chosen)
    _, first = np.unique(owners[positions], return_index=True)
    is_first = np.zeros(len(owners), bool)
    is_first[positions[first]] = True
    return is_first
