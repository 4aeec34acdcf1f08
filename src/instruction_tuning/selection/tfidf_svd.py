"""Latent semantic analysis: TF-IDF followed by a truncated SVD.

Deerwester et al. 1990; the SVD is randomised (Halko et al., arXiv 0909.4061). A text becomes

    x = l2_normalised(U_k S_k) of the matrix  (1 + log tf) · idf, rows l2-normalised

Terms are words, single Han, kana and Hangul characters, and single digits (a sum is then near another
sum, whatever the numbers). O(N · terms · D) time; memory is the sparse matrix plus N·D floats.
Departure: no stemming and no stop words, so that the same code serves every language.
"""

from typing import Any

import numpy as np

from instruction_tuning.errors import InputError

_ALONE = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"  # kana, Han and Hangul
TERM_PATTERN = rf"[{_ALONE}]|\d|[^\W\d_{_ALONE}]+"
MAX_TERMS = 20_000


def embed_tfidf_svd(texts: list[str], *, dimensions: int, seed: int) -> np.ndarray:
    """Unit vectors (N, D) as float32, D = min(dimensions, number of texts, number of terms).

    A text without a term (only punctuation) becomes the zero vector. Raises `InputError` where no text
    has one.
    """
    return svd_of(tfidf(texts), dimensions=dimensions, seed=seed)


def tfidf(texts: list[str]) -> Any:
    """The sparse matrix (N, terms) of unit rows. Raises `InputError` where no text has a term."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        token_pattern=TERM_PATTERN, sublinear_tf=True, max_features=MAX_TERMS, dtype=np.float32
    )
    try:
        return vectorizer.fit_transform(texts)
    except ValueError as error:
        raise InputError(
            "no text of the pool holds a word, digit or Chinese character",
            field="prompt",
            fix="check the encoding of the raw files; ingestion reads UTF-8",
        ) from error


def svd_of(matrix: Any, *, dimensions: int, seed: int) -> np.ndarray:
    """Unit vectors (N, D) of such a matrix."""
    from sklearn.decomposition import TruncatedSVD

    rank = min(dimensions, *matrix.shape)
    if rank == min(matrix.shape):
        vectors = _full_rank(matrix.toarray(), rank)
    else:
        vectors = TruncatedSVD(rank, random_state=seed % 2**32).fit_transform(matrix)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)  # (N, 1)
    return (vectors / np.where(norms > 0, norms, 1.0)).astype(np.float32)


def _full_rank(matrix: np.ndarray, rank: int) -> np.ndarray:
    """A pool smaller than the dimensions asked for: the exact decomposition, which is then cheap."""
    left, singular, _ = np.linalg.svd(matrix, full_matrices=False)
    return left[:, :rank] * singular[:rank]
