"""Near-duplicate prompts by MinHash and locality-sensitive hashing, candidates verified by true Jaccard
similarity.

MinHash (Broder 1997) with LSH banding as in "Deduplicating Training Data Makes Language Models Better"
(2107.06499): J(A, B) = |A n B| / |A u B| over shingle sets; with b bands of r values two texts become
candidates with probability 1 - (1 - J^r)^b: at the default 20 x 6, 0.998 for J = 0.8 and 0.27 for J = 0.5.
Signatures and bands are rensa's. Expected O(N) for texts that differ, and one cheap comparison a candidate
pair: ten thousand long prompts from one template cost their square.

Departures, because instructions are short and often made from templates ("What is 47 plus 25?" is no
duplicate of "What is 48 plus 25?", though nearly all of it is the same):

* Shingles are single tokens and pairs of neighbours (words; single characters in Chinese), not five-word
  windows.
* Content guard (`content_guard.py`): a candidate is a duplicate only when it says the same but for
  politeness and a few additions to long paragraphs. Where additions are impossible (short texts) duplicates
  have equal content and are found by lookup, without hashing. With `content_guard=False` the published
  method remains.
* No chains: a text is dropped only as the duplicate of one that stays, visited in keeping order, so the
  result does not depend on the order of rows.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from instruction_tuning.dedup.content_guard import Paragraphs, adds_little, bucket_of, paragraphs_of
from instruction_tuning.text.tokens import Tokens, tokens

_QUERY_CHUNK = 1000
_COMPARE_ALL_UP_TO = 32


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """The text that stays in place of a dropped one, by position, and the Jaccard similarity of the two."""

    kept: int
    similarity: float


def near_duplicates(
    texts: Sequence[str],
    order: Sequence[int],
    *,
    contexts: Sequence[Hashable] | None = None,
    threshold: float = 0.8,
    content_guard: bool = True,
    max_inserted_share: float = 0.05,
    permutations: int = 120,
    bands: int = 20,
    seed: int = 0,
) -> dict[int, NearDuplicate]:
    """Position of each text to drop -> what it duplicates.

    `order` lists all positions from the most to the least worth keeping. Texts in different `contexts`
    (what was said before them) are never duplicates, nor are texts without any token (only punctuation).
    `permutations` must be a multiple of `bands`.
    """
    cut = [paragraphs_of(text) if content_guard else (tokens(text),) for text in texts]
    content = [_joined(paragraphs) for paragraphs in cut]
    keys = list(zip(contexts or [None] * len(texts), content, strict=True))
    first_of: dict[tuple[Hashable, Tokens], int] = {}
    for position in order:
        if content[position]:
            first_of.setdefault(keys[position], position)
    buckets: dict[Hashable, list[int]] = defaultdict(list)
    for (context, _), position in first_of.items():
        bucket = bucket_of(cut[position], max_inserted_share) if content_guard else ()
        if bucket is not None:
            buckets[context, bucket].append(position)
    dropped: dict[int, NearDuplicate] = {}
    for members in buckets.values():  # each in keeping order, as `first_of` is
        guard = max_inserted_share if content_guard else None
        pairs = _candidates([content[p] for p in members], permutations, bands, seed)
        _drop_within([(p, cut[p]) for p in members], pairs, threshold, guard, dropped)
    for position in order:
        first = first_of.get(keys[position])
        if first is not None and first != position:  # same content: shares the fate of the first
            dropped[position] = dropped.get(first, NearDuplicate(first, 1.0))
    return dropped


def _drop_within(
    members: Sequence[tuple[int, Paragraphs]],
    pairs: Iterator[tuple[int, Sequence[int]]],
    threshold: float,
    max_inserted_share: float | None,
    dropped: dict[int, NearDuplicate],
) -> None:
    """Add to `dropped` the members, given in keeping order, that duplicate an earlier one; null share: no
    guard."""
    lengths = [[len(paragraph) for paragraph in paragraphs] for _, paragraphs in members]
    for index, found in pairs:
        position, own = members[index]
        # Earlier candidates have been decided on already.
        rivals = [
            candidate for candidate in found if candidate < index and members[candidate][0] not in dropped
        ]
        if max_inserted_share is not None:
            # Unequal texts of equal length cannot contain each other: quick for the prompts of one template.
            rivals = [
                candidate
                for candidate in rivals
                if lengths[candidate] != lengths[index]
                and adds_little(own, members[candidate][1], max_inserted_share)
            ]
        if best := _most_similar(own, [members[candidate] for candidate in rivals], threshold):
            dropped[position] = best


def shingles(sequence: Tokens) -> set[str]:
    """Single tokens and pairs of neighbouring tokens."""
    return {*sequence, *(f"{left} {right}" for left, right in pairwise(sequence))}


def jaccard(left: set[str], right: set[str]) -> float:
    """Size of the intersection over size of the union; neither may be empty."""
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared)


def _candidates(
    contents: Sequence[Tokens], permutations: int, bands: int, seed: int
) -> Iterator[tuple[int, Sequence[int]]]:
    """Each position with those that share an LSH band with it, in order; all of them when they are few."""
    if len(contents) <= _COMPARE_ALL_UP_TO:
        for position in range(1, len(contents)):
            yield position, range(position)
        return
    from rensa import RMinHash, RMinHashLSH

    sketches = RMinHash.from_token_sets(
        (sorted(shingles(content)) for content in contents), num_perm=permutations, seed=seed
    )
    # The threshold of the index serves only its own similarity test, which is not used here.
    index = RMinHashLSH(threshold=0.5, num_perm=permutations, num_bands=bands)
    index.insert_many(sketches)
    for start in range(0, len(contents), _QUERY_CHUNK):
        for offset, found in enumerate(index.query_all(sketches[start : start + _QUERY_CHUNK])):
            yield start + offset, sorted(found)


def _most_similar(
    text: Paragraphs, others: Sequence[tuple[int, Paragraphs]], threshold: float
) -> NearDuplicate | None:
    """The most similar of `others`, if it reaches the threshold; the first of equals."""
    own = shingles(_joined(text)) if others else set()
    best: NearDuplicate | None = None
    for position, other in others:
        similarity = jaccard(own, shingles(_joined(other)))
        if similarity >= threshold and (best is None or similarity > best.similarity):
            best = NearDuplicate(position, similarity)
    return best


def _joined(paragraphs: Paragraphs) -> Tokens:
    return tuple(chain.from_iterable(paragraphs))
