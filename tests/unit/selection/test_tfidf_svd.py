import re

import numpy as np
import pytest

from instruction_tuning.errors import InputError
from instruction_tuning.selection.tfidf_svd import TERM_PATTERN, embed_tfidf_svd

TEXTS = [
    "What is 47 plus 25?",
    "What is 31 plus 88?",
    "Translate the word apple",
    "Translate the word house",
    "这个苹果是什么颜色",
    "那个苹果是什么味道",
]


def test_terms_are_words_single_digits_and_single_chinese_characters() -> None:
    assert re.findall(TERM_PATTERN, "sort 47 苹果s, naïve_x!") == [
        "sort",
        "4",
        "7",
        "苹",
        "果",
        "s",
        "naïve",
        "x",
    ]


def test_like_texts_are_nearer_than_unlike_ones() -> None:
    vectors = embed_tfidf_svd(TEXTS, dimensions=5, seed=0)
    similarity = vectors @ vectors.T
    for row in range(0, 6, 2):
        others = [other for other in range(6) if other not in (row, row + 1)]
        assert similarity[row, row + 1] > similarity[row, others].max() + 0.2


def test_vectors_have_unit_length_and_repeat_exactly() -> None:
    texts = [f"{text} number {row}" for row in range(40) for text in TEXTS]
    first = embed_tfidf_svd(texts, dimensions=16, seed=5)
    assert first.dtype == np.float32 and first.shape == (240, 16)
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(first, embed_tfidf_svd(texts, dimensions=16, seed=5))


def test_a_text_without_a_term_becomes_the_zero_vector() -> None:
    vectors = embed_tfidf_svd([*TEXTS, "?!"], dimensions=3, seed=0)
    assert not vectors[-1].any()


def test_a_pool_smaller_than_the_dimensions_gets_fewer_dimensions() -> None:
    assert embed_tfidf_svd(["one word", "other word"], dimensions=64, seed=0).shape == (2, 2)


def test_a_pool_without_any_term_is_refused() -> None:
    with pytest.raises(InputError, match="holds a word"):
        embed_tfidf_svd(["?", "!"], dimensions=4, seed=0)
