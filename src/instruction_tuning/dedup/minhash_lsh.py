"""Near-duplicate prompts by MinHash and locality-sensitive hashing, candidates verified by true Jaccard
similarity.

MinHash (Broder 1997) with LSH banding as in "Deduplicating Training Data Makes Language Models Better"
(2107.06499). Texts are cut and hashed in `shingles.py`, candidates found in `lsh_candidates.py` with the
settings of `lsh_settings.py`, verified in `jaccard_pairs.py`, and decided on in `clusters.py`. Expected O(N)
for texts that differ.

Departures, because instructions are short and often made from templates ("What is 47 plus 25?" is no
duplicate of "What is 48 plus 25?", though nearly all of it is the same):

* Shingles are single tokens and pairs of neighbours (words; single characters in Chinese) unless
  `shingle_tokens` says otherwise; five-word windows, `[5]`, are usual for web pages.
* Content guard (`content_guard.py`): a candidate is a duplicate only when it says the same but for
  politeness and a few additions to long paragraphs. Where additions are impossible (short texts) duplicates
  have equal content and are found by lookup, without hashing. With `content_guard=False` the published
  method remains.
* No chains: a text is dropped only as the duplicate of one that stays, visited in keeping order, so the
  result does not depend on the order of rows.
"""

import hashlib
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from instruction_tuning.dedup.clusters import Pairs, all_pairs, duplicate_of
from instruction_tuning.dedup.content_guard import Paragraphs, adds_little, bucket_of, paragraphs_of
from instruction_tuning.dedup.exact import first_of_each
from instruction_tuning.dedup.jaccard_pairs import jaccard_similarities
from instruction_tuning.dedup.lsh_candidates import candidate_pairs
from instruction_tuning.dedup.lsh_settings import LshSettings
from instruction_tuning.dedup.shingles import Array, Shingles, shingles_of

_COMPARE_ALL_UP_TO = 32
_PAIRS_PER_BATCH = 1 << 18
_DEFAULT = LshSettings(bands=21, rows=6)


NEAR, SEMANTIC = "near_duplicate", "semantic_duplicate"
_KINDS = (NEAR, SEMANTIC)


@dataclass(frozen=True)
class NearDuplicates:
    """By position: `kept_for[i]` is the text that stays in place of text i, -1 where it stays itself;
    `similarity[i]` is that of the two, `kind[i]` how they are alike (empty where it stays).
    `left[k]` and `right[k]` were measured to be alike."""

    kept_for: Array  # (N,) int64
    similarity: Array  # (N,) float64
    kind: Array  # (N,) str
    left: Array  # (pairs,) int64
    right: Array

    def dropped(self) -> Array:
        """The positions of the texts that go."""
        return np.flatnonzero(self.kept_for >= 0)


def near_duplicates(
    texts: Sequence[str],
    *,
    contexts: Sequence[Hashable] | None = None,
    threshold: float = 0.8,
    content_guard: bool = True,
    max_inserted_share: float = 0.05,
    shingle_tokens: Sequence[int] = (1, 2),
    lsh: LshSettings = _DEFAULT,
    seed: int = 0,
    semantic: Pairs | None = None,
) -> NearDuplicates:
    """Which of `texts`, given from the most to the least worth keeping, duplicate which.

    Texts in different `contexts` (what was said before them) are never duplicates, nor are texts without any
    token (only punctuation). `semantic`: pairs that were found to be alike in another way.
    """
    context = _codes(contexts, len(texts))
    windows = tuple(shingle_tokens)
    if content_guard:
        first, near = _guarded(texts, context, threshold, max_inserted_share, windows, lsh, seed)
    else:
        first, near = _published(texts, context, threshold, windows, lsh, seed)
    kinds = [near, *([_in_one_context(semantic, context)] if semantic else [])]
    kept_for, similarity, kind = duplicate_of(len(texts), kinds)
    # Texts of equal content share the fate of the first of them.
    copies = np.flatnonzero(first != np.arange(len(first)))
    of = first[copies]
    stays = kept_for[of] == -1
    kept_for[copies] = np.where(stays, of, kept_for[of])
    similarity[copies] = np.where(stays, 1.0, similarity[of])
    kind[copies] = np.where(stays, 0, kind[of])
    return NearDuplicates(
        kept_for,
        similarity,
        np.array([*_KINDS, ""])[kind],
        np.concatenate([of, *(one.better for one in kinds)]),
        np.concatenate([copies, *(one.worse for one in kinds)]),
    )


def _codes(contexts: Sequence[Hashable] | None, count: int) -> Array:
    """One number for each different context."""
    if contexts is None:
        return np.zeros(count, np.int64)
    known: dict[Hashable, int] = {}
    return np.fromiter((known.setdefault(context, len(known)) for context in contexts), np.int64, count)


def _in_one_context(pairs: Pairs, context: Array) -> Pairs:
    same = context[pairs.better] == context[pairs.worse]
    return Pairs(pairs.better[same], pairs.worse[same], pairs.similarity[same])


def _published(
    texts: Sequence[str],
    context: Array,
    threshold: float,
    windows: tuple[int, ...],
    lsh: LshSettings,
    seed: int,
) -> tuple[Array, Pairs]:
    """The first text of each content, and the verified pairs of those that are first."""
    shingles = shingles_of(texts, windows)
    spoken = shingles.contents != 0
    alone = np.where(spoken, 0, np.arange(1, len(texts) + 1))
    first = first_of_each(shingles.contents, context, alone)
    batches = (
        (better[same], worse[same])
        for better, worse in candidate_pairs(
            shingles, lsh, seed=seed, among=(first == np.arange(len(first))) & spoken
        )
        for same in [context[better] == context[worse]]
    )
    return first, _verified(shingles, batches, threshold)


def _guarded(
    texts: Sequence[str],
    context: Array,
    threshold: float,
    max_inserted_share: float,
    windows: tuple[int, ...],
    lsh: LshSettings,
    seed: int,
) -> tuple[Array, Pairs]:
    """The same with `content_guard.py`: content is what is said beside politeness."""
    contents, buckets = np.zeros((2, len(texts)), np.dtype("S16"))
    for position, text in enumerate(texts):
        cut = paragraphs_of(text)
        contents[position] = _digest(tuple(chain.from_iterable(cut))) if cut else _digest(position)
        common = bucket_of(cut, max_inserted_share)
        # What has to be equal to have a duplicate is in no bucket.
        buckets[position] = _digest(common) if cut and common is not None else b""
    first = first_of_each(contents, context)
    firsts = np.flatnonzero((first == np.arange(len(first))) & (buckets != b""))
    bucket = first_of_each(buckets[firsts], context[firsts])
    shared = np.bincount(bucket, minlength=len(firsts))[bucket] > 1
    members, bucket = firsts[shared], bucket[shared]
    cuts = [paragraphs_of(texts[position]) for position in members]
    shingles = shingles_of([" ".join(chain.from_iterable(cut)) for cut in cuts], windows)
    batches = (
        _guard_pairs(cuts, better, worse, max_inserted_share)
        for better, worse in _pairs_in_buckets(shingles, bucket, lsh, seed)
    )
    pairs = _verified(shingles, batches, threshold)
    return first, Pairs(members[pairs.better], members[pairs.worse], pairs.similarity)


def _digest(content: object) -> bytes:
    return hashlib.blake2b(repr(content).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _pairs_in_buckets(
    shingles: Shingles, bucket: Array, lsh: LshSettings, seed: int
) -> Iterator[tuple[Array, Array]]:
    """All pairs of small buckets; those that share an LSH band in large ones."""
    sizes = np.bincount(bucket)[bucket]
    small = np.flatnonzero(sizes <= _COMPARE_ALL_UP_TO)
    small = small[np.argsort(bucket[small], kind="stable")]
    for distance in range(1, min(_COMPARE_ALL_UP_TO, len(small))):
        same = bucket[small[distance:]] == bucket[small[:-distance]]
        yield small[:-distance][same], small[distance:][same]
    large = np.flatnonzero(sizes > _COMPARE_ALL_UP_TO)
    if len(large):
        for better, worse in candidate_pairs(shingles.take(large), lsh, seed=seed):
            same = bucket[large[better]] == bucket[large[worse]]
            yield large[better[same]], large[worse[same]]


def _guard_pairs(
    cuts: Sequence[Paragraphs], better: Array, worse: Array, max_inserted_share: float
) -> tuple[Array, Array]:
    lengths = np.fromiter((sum(map(len, cut)) for cut in cuts), np.int64, len(cuts))
    # Unequal texts of equal length cannot contain each other: quick for the prompts of one template.
    differ = lengths[better] != lengths[worse]
    better, worse = better[differ], worse[differ]
    alike = np.fromiter(
        (
            adds_little(cuts[one], cuts[other], max_inserted_share)
            for one, other in zip(better, worse, strict=True)
        ),
        bool,
        len(better),
    )
    return better[alike], worse[alike]


def _verified(shingles: Shingles, batches: Iterator[tuple[Array, Array]], threshold: float) -> Pairs:
    kept = []
    for better, worse in _larger(batches):
        similarity = jaccard_similarities(shingles, better, worse)
        enough = similarity >= threshold
        kept.append((better[enough], worse[enough], similarity[enough]))
    return all_pairs(kept)


def _larger(batches: Iterator[tuple[Array, Array]]) -> Iterator[tuple[Array, Array]]:
    """The same pairs, `_PAIRS_PER_BATCH` or more at a time: a text is then in few batches."""
    waiting: list[tuple[Array, Array]] = []
    for batch in batches:
        waiting.append(batch)
        if sum(len(better) for better, _ in waiting) >= _PAIRS_PER_BATCH:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(batches: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
    better, worse = zip(*batches, strict=True)
    return np.concatenate(better), np.concatenate(worse)
