"""Topics of prompts: k-means on TF-IDF vectors; a topic is named by its most typical words.

k-means (Lloyd 1982) on the first axes of latent semantic analysis, as scikit-learn has both. Words of fewer
than two letters and stop words of English are left out; Chinese is cut into pairs of neighbouring
characters, since there is no segmenter here. Clusters are made on at most `MAX_FITTED` rows; the others go
to their nearest centre, so that memory is bounded by the sparse matrix of one batch. O(rows · (words +
dimensions · topics)).
"""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from instruction_tuning.seeds import substream, substream_seed
from instruction_tuning.text.languages import HAN

MAX_FITTED = 10_000
MAX_WORDS = 5000
_BATCH = 20_000
_DIMENSIONS = 40
_MAX_CHARACTERS = 400
_WORDS = re.compile(rf"[^\W\d_{HAN}]{{2,}}|[{HAN}]+")
_HAN = re.compile(f"[{HAN}]")
# Pairs of characters that requests are made of, whatever they are about.
_CHINESE_STOP_PAIRS = frozenset(
    """
    一个 以下 下列 下面 这个 给定 请你 什么 如何 怎么 可以 我们 你的
    的一 个关 关于 于一 一篇 一些 一种 一首 为一
    """.split()  # noqa: SIM905
)
_STOP_WORDS = frozenset(
    """
    given following use using used like make ten provide based need explain tell let example best different
    """.split()  # noqa: SIM905
)


def topics(
    texts: Sequence[str], record_ids: Sequence[str], *, count: int, seed: int, words: int = 5
) -> tuple[np.ndarray, pd.DataFrame]:
    """The topic of each text, and the topics: `topic`, `words`, `rows`, `share`, `examples` (record ids).

    Topics are numbered by size. There are at most as many as there are distinct texts; rows without a
    single word of the vocabulary are topic -1, `(no words)`. The same rows in another order get the same
    topics.
    """
    order = np.array(sorted(range(len(texts)), key=record_ids.__getitem__), dtype=np.int64)
    labels = np.full(len(texts), -1, dtype=np.int64)
    vectorizer = _vectorizer(len(texts))
    fitted = order
    if len(order) > MAX_FITTED:
        rng = substream(seed, "topics")
        fitted = np.array(sorted(rng.sample(range(len(order)), MAX_FITTED)))
        fitted = order[fitted]
    try:
        matrix = vectorizer.fit_transform([texts[i][:_MAX_CHARACTERS] for i in fitted])
    except ValueError:  # not one word is left
        return labels, _topic_frame([], labels, record_ids, order)
    filled = matrix[np.diff(matrix.indptr) > 0]
    distinct = len({tuple(row) for row in np.split(filled.indices, filled.indptr[1:-1])})
    axes = _main_axes(filled, seed)
    centres = _centres(_placed(filled, axes), max(1, min(count, distinct)), seed)
    weights = np.zeros((len(centres), filled.shape[1]))
    for start in range(0, len(order), _BATCH):
        rows = order[start : start + _BATCH]
        batch = vectorizer.transform([texts[i][:_MAX_CHARACTERS] for i in rows])
        # Of the nearest centre, ‖x‖² left out: it is the same for all of them.
        distances = (centres**2).sum(axis=1) - 2 * _placed(batch, axes) @ centres.T  # (rows, topics)
        nearest = np.where(np.diff(batch.indptr) > 0, distances.argmin(axis=1), -1)
        labels[rows] = nearest
        for topic in np.unique(nearest[nearest >= 0]):
            weights[topic] += np.asarray(batch[nearest == topic].sum(axis=0)).ravel()
    named = _names(weights, np.bincount(labels[labels >= 0], minlength=len(centres)), vectorizer, words)
    return _by_size(named, labels, record_ids, order)


def _main_axes(matrix, seed: int) -> np.ndarray:  # type: ignore[no-untyped-def]
    """(words, dimensions): distances of short texts in single words say little; LSA's axes join related
    ones."""
    from sklearn.utils.extmath import randomized_svd

    dimensions = min(_DIMENSIONS, *matrix.shape)
    _, _, axes = randomized_svd(
        matrix, dimensions, n_iter=4, random_state=substream_seed(seed, "axes") % 2**32
    )
    return axes.T


def _placed(matrix, axes: np.ndarray) -> np.ndarray:  # type: ignore[no-untyped-def]
    """(rows, dimensions), each row of length one, so that what counts is which words, not how many."""
    placed = np.asarray(matrix @ axes, dtype=np.float64)
    return placed / np.maximum(np.linalg.norm(placed, axis=1, keepdims=True), 1e-12)


def _centres(placed: np.ndarray, count: int, seed: int) -> np.ndarray:
    from sklearn.cluster import KMeans

    random_state = substream_seed(seed, "topics") % 2**32
    return KMeans(count, n_init=2, max_iter=60, random_state=random_state).fit(placed).cluster_centers_


def _names(weights: np.ndarray, sizes: np.ndarray, vectorizer, words: int) -> list[str]:  # type: ignore[no-untyped-def]
    """The words that weigh more in a topic than in all rows together, the heaviest first."""
    vocabulary = vectorizer.get_feature_names_out()
    excess = weights / np.maximum(sizes, 1)[:, None] - weights.sum(axis=0) / max(sizes.sum(), 1)
    heaviest = np.argsort(-excess, axis=1, kind="stable")[:, :words]  # (topics, words)
    return [
        " ".join(vocabulary[i] for i in row if more[i] > 0) or "(all words alike)"
        for row, more in zip(heaviest, excess, strict=True)
    ]


def topic_words(text: str) -> list[str]:
    """What a topic is made of: words of two letters and more, pairs of Chinese characters."""
    found: list[str] = []
    for word in _WORDS.findall(text.lower()):
        if _HAN.match(word):
            found += [
                pair for i in range(len(word) - 1) if (pair := word[i : i + 2]) not in _CHINESE_STOP_PAIRS
            ]
        else:
            found.append(word)
    return found


def _vectorizer(rows: int):  # type: ignore[no-untyped-def]
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

    stop_words = ENGLISH_STOP_WORDS | _STOP_WORDS
    return TfidfVectorizer(
        analyzer=lambda text: [word for word in topic_words(text) if word not in stop_words],
        max_features=MAX_WORDS,
        min_df=2 if rows > 200 else 1,
        max_df=0.5 if rows > 200 else 1.0,
        sublinear_tf=True,
        dtype=np.float32,
    )


def _by_size(
    named: list[str], labels: np.ndarray, record_ids: Sequence[str], order: np.ndarray
) -> tuple[np.ndarray, pd.DataFrame]:
    sizes = np.bincount(labels[labels >= 0], minlength=len(named))
    ranked = sorted(range(len(named)), key=lambda topic: (-sizes[topic], named[topic]))
    ranked = [topic for topic in ranked if sizes[topic]]
    place = np.full(len(named) + 1, -1, dtype=np.int64)  # the last entry is for -1
    place[ranked] = np.arange(len(ranked))
    labels = place[labels]
    return labels, _topic_frame([named[topic] for topic in ranked], labels, record_ids, order)


def _topic_frame(
    named: list[str], labels: np.ndarray, record_ids: Sequence[str], order: np.ndarray
) -> pd.DataFrame:
    rows = [(topic, name) for topic, name in enumerate(named)]
    if (labels == -1).any():
        rows.append((-1, "(no words)"))
    sorted_labels = labels[order]
    return pd.DataFrame(
        {
            "topic": pd.Series([topic for topic, _ in rows], dtype="int64"),
            "words": pd.Series([name for _, name in rows], dtype="str"),
            "rows": pd.Series([int((labels == topic).sum()) for topic, _ in rows], dtype="int64"),
            "share": pd.Series([float((labels == topic).mean()) for topic, _ in rows], dtype="float64"),
            "examples": pd.Series(
                [
                    [record_ids[i] for i in order[np.flatnonzero(sorted_labels == topic)[:3]]]
                    for topic, _ in rows
                ],
                dtype="object",
            ),
        }
    )
