"""Raw tags made few: rare ones dropped, spellings, near-synonyms and inseparable tags merged.

InsTag (arXiv 2308.07074), section 2.3, in its order:

    frequency    a raw tag that fewer than `alpha` records have is dropped
    rules        small letters, no special characters, stems: equal stems are one tag
    clusters     DBSCAN on vectors of the tags: cosine distance of at most `eps` is one tag
    association  a -> b where both occur `min_support` times together and in `min_confidence` of all a

The paper's settings, 20, 0.05, 40 and 0.99, are for 306,044 records. Smaller pools want smaller counts, about
`alpha` = N / 15,000 and `min_support` = N / 7,500, but hardly below 2 and 5: a count of 1 drops nothing, and
rules of few records are chance.

O(E log E + T² + P) for E tags on all records, T different ones, P pairs of tags that meet on a record.
Departures: association rules have one antecedent and one consequent, which is all that merging two tags
needs; they are counted exactly in the sparse product of the record-tag matrix instead of by FP-growth, and a
rule merges only tags that are nearly one set (`min_jaccard`; 0 is the paper's rule): without that the tags of
all English records would become the tag `english`. Mined once; chains of rules are followed to their end. Own
stems, not NLTK's (`stemming.py`); `+` and `#` behind a letter stay (c++). TF-IDF of characters unless vectors
are given, where the paper has PhraseBERT: at this `eps` they merge little more than the same words in another
order, and no synonyms. Clusters need no minimal size. A merged tag is called by its most frequent spelling.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.selection.tags.stemming import stem
from instruction_tuning.selection.tags.tag_lists import tag_lists

Embed = Callable[[list[str]], np.ndarray]
_SPECIAL = re.compile(r"(?<![a-z+#])[+#]+|[^\w+#]+|_+")
_WORKING_MEMORY_MIB = 128


class NormalisedTags(NamedTuple):
    """`records`: by record id, `tags`, null where the raw ones are. `fates`: what became of each raw tag, the
    most frequent first: `raw_tag`, `records`, `final_tag` (null: dropped), `step` (null: as it was; else the
    step that dropped it or that renamed it last). `steps`: tags `before`, `dropped`, `merged`, `after`."""

    records: pd.DataFrame
    fates: pd.DataFrame
    steps: pd.DataFrame


def normalise_tags(
    tagged: pd.DataFrame,
    *,
    alpha: int = 20,
    eps: float = 0.05,
    min_support: int = 40,
    min_confidence: float = 0.99,
    min_jaccard: float = 0.5,
    embed: Embed | None = None,
) -> NormalisedTags:
    """The four steps on `tagged` (record_id, tags); `embed` turns tags (T,) into vectors (T, D)."""
    record_ids = tagged["record_id"].tolist()
    lists = tag_lists(tagged.set_index("record_id"), record_ids)
    pairs = [(row, tag) for row, tags in enumerate(lists) for tag in tags or ()]
    uses = pd.DataFrame(pairs, columns=["row", "tag"]).astype({"row": "int64", "tag": "str"})
    raw = _counts(uses)
    renames: dict[str, Callable[[pd.DataFrame], dict[str, str]]] = {
        "frequency": lambda uses: _frequent(uses, alpha),
        "rules": lambda uses: _by_rules(_counts(uses)),
        "clusters": lambda uses: _by_clusters(_counts(uses), eps, embed),
        "association": lambda uses: _by_association(uses, min_support, min_confidence, min_jaccard),
    }
    final = {tag: tag for tag in raw}
    last_step: dict[str, str] = {}
    summary = []
    for step, rename in renames.items():
        names = rename(uses)  # of the tags as they are called by now; without those that it drops
        before = uses["tag"].nunique()
        last_step |= {tag: step for tag, name in final.items() if names.get(name) != name}
        final = {tag: names[name] for tag, name in final.items() if name in names}
        uses = uses.assign(tag=uses["tag"].map(names).astype("str")).dropna().drop_duplicates()
        after = uses["tag"].nunique()
        summary.append((step, before, before - len(names), len(names) - after, after))
    cleaned = [None if tags is None else _renamed(tags, final) for tags in lists]
    index = pd.Index(record_ids, name="record_id")
    fates = {
        "raw_tag": pd.array(list(raw), dtype="str"),
        "records": np.array(list(raw.values()), dtype=np.int64),
        "final_tag": pd.array([final.get(tag) for tag in raw], dtype="str"),
        "step": pd.array([last_step.get(tag) for tag in raw], dtype="str"),
    }
    return NormalisedTags(
        records=pd.DataFrame({"tags": pd.Series(cleaned, index=index, dtype=object)}),
        fates=pd.DataFrame(fates),
        steps=pd.DataFrame(summary, columns=["step", "before", "dropped", "merged", "after"]),
    )


def _renamed(tags: list[str], final: Mapping[str, str]) -> list[str]:
    return list(dict.fromkeys(final[tag] for tag in tags if tag in final))


def _counts(uses: pd.DataFrame) -> dict[str, int]:
    """How many records have each tag, the most frequent first, equals in the order of their letters."""
    counts = uses["tag"].value_counts()
    pairs = zip(counts.index.tolist(), counts.tolist(), strict=True)
    return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def _frequent(uses: pd.DataFrame, alpha: int) -> dict[str, str]:
    return {tag: tag for tag, count in _counts(uses).items() if count >= alpha}


def _by_rules(counts: Mapping[str, int]) -> dict[str, str]:
    """Tags of equal stems get the spelling that most records have; what has no letter or digit is dropped."""
    spellings = {tag: text for tag in counts if (text := _plain(tag))}
    weights: dict[str, int] = {}
    for tag, text in spellings.items():
        weights[text] = weights.get(text, 0) + counts[tag]
    names: dict[str, str] = {}
    for text in sorted(weights, key=lambda text: (-weights[text], text)):
        names.setdefault(_stems(text), text)
    return {tag: names[_stems(text)] for tag, text in spellings.items()}


def _plain(tag: str) -> str:
    return " ".join(_SPECIAL.sub(" ", unicodedata.normalize("NFKC", tag).lower()).split())


def _stems(text: str) -> str:
    return " ".join(stem(word) for word in text.split())


def _by_clusters(counts: Mapping[str, int], eps: float, embed: Embed | None) -> dict[str, str]:
    """Tags of one DBSCAN cluster get the name of the most frequent."""
    from sklearn import config_context
    from sklearn.cluster import DBSCAN

    tags = list(counts)
    if len(tags) < 2:
        return {tag: tag for tag in tags}
    vectors = _character_vectors(tags) if embed is None else _given_vectors(embed, tags)
    with config_context(working_memory=_WORKING_MEMORY_MIB):
        labels = DBSCAN(eps=eps, min_samples=1, metric="cosine", algorithm="brute").fit_predict(vectors)
    names: dict[int, str] = {}
    return {tag: names.setdefault(label, tag) for tag, label in zip(tags, labels.tolist(), strict=True)}


def _character_vectors(tags: list[str]) -> object:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), lowercase=False).fit_transform(tags)


def _given_vectors(embed: Embed, tags: list[str]) -> np.ndarray:
    vectors = np.asarray(embed(tags), dtype=np.float64)
    if vectors.ndim != 2 or len(vectors) != len(tags) or not np.isfinite(vectors).all():
        raise InputError(
            f"the vectors of {len(tags)} tags have the shape {vectors.shape}, or hold NaN or infinity",
            field="embed",
            fix="give one finite vector a tag, in the order of the tags",
        )
    return vectors


def _by_association(
    uses: pd.DataFrame, min_support: int, min_confidence: float, min_jaccard: float
) -> dict[str, str]:
    """A tag that hardly occurs without a more frequent one gets its name: of several, the most alike."""
    from scipy.sparse import csr_matrix

    counts = _counts(uses)
    tags = list(counts)  # the place is the rank
    frequency = np.array(list(counts.values()), dtype=np.int64)  # (T,)
    rows = pd.factorize(uses["row"])[0]
    columns = pd.Index(tags, dtype="str").get_indexer(pd.Index(uses["tag"]))
    matrix = csr_matrix((np.ones(len(uses), dtype=np.int64), (rows, columns)), shape=(rows.size, len(tags)))
    together = (matrix.T @ matrix).tocoo()
    antecedent, consequent, support = together.row, together.col, together.data
    # If b is rarer than a, then a -> b implies b -> a: the rarer one is always the one that is merged.
    jaccard = support / (frequency[antecedent] + frequency[consequent] - support)
    holds = (
        (consequent < antecedent)
        & (support >= min_support)
        & (support / frequency[antecedent] >= min_confidence)
        & (jaccard >= min_jaccard)
    )
    rules = sorted(
        zip(antecedent[holds].tolist(), (-jaccard[holds]).tolist(), consequent[holds].tolist(), strict=True)
    )
    target = list(range(len(tags)))
    for place, _, into in rules:
        if target[place] == place:
            target[place] = target[into]  # `into` has a better rank, so its chain is already at its end
    return {tag: tags[target[place]] for place, tag in enumerate(tags)}
