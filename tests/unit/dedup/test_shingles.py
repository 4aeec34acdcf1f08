import os
import random
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.dedup.code_points import CASED_END, LETTERS_END
from instruction_tuning.dedup.jaccard_pairs import jaccard_similarities
from instruction_tuning.dedup.shingles import shingles_of
from instruction_tuning.text.tokens import punctuation_and_spaces, tokens

# Whatever `tokens` cuts into the same pieces: it keeps the parts of 3.14 together.
plain = st.text(alphabet="abyZ ß9 7-,!?\n\tÄé中文あ한😀+=Ａ１－", max_size=60)


def windows(text, size):
    cut = tokens(text)
    return {tuple(cut[place : place + size]) for place in range(len(cut) - size + 1)} or ({cut} - {()})


@settings(deadline=None)
@given(texts=st.lists(plain, max_size=6), size=st.integers(1, 5))
def test_texts_share_shingles_where_they_share_windows_of_tokens(texts, size):
    texts = [text.replace("- ", " ").replace("-\n", " ").replace("-\t", " ") for text in texts]
    texts = [" ".join(text.replace(",", " ").replace(".", " ").split()) for text in texts]
    found = shingles_of(texts, [size])
    own = [
        set(found.hashes[start:end].tolist())
        for start, end in zip(found.offsets[:-1], found.offsets[1:], strict=True)
    ]
    expected = [windows(text, size) for text in texts]
    assert [len(one) for one in own] == [len(one) for one in expected]
    for one in range(len(texts)):
        for other in range(one):
            assert len(own[one] & own[other]) == len(expected[one] & expected[other])
            same = bool(tokens(texts[one])) and tokens(texts[one]) == tokens(texts[other])
            assert (found.contents[one] == found.contents[other] != 0) == same


def test_a_text_has_the_same_shingles_wherever_it_stands_and_whatever_stands_beside_it():
    rng = random.Random(1)
    texts = [
        " ".join(rng.choices(["sea", "Ärger", "风", "12", "x"], k=rng.randrange(90))) for _ in range(2000)
    ]
    together = shingles_of(texts, [1, 2])
    for place in (0, 1, 999, 1999):
        alone = shingles_of([texts[place]], [1, 2])
        own = together.hashes[together.offsets[place] : together.offsets[place + 1]]
        assert own.tolist() == alone.hashes.tolist()
        assert together.contents[place] == alone.contents[0]
    big = " ".join(texts) * 4  # more than a chunk takes
    assert len(shingles_of([big, "one two"], [2]).hashes) == len(tokens(big)) - 1 + 1


def test_no_letter_digit_or_separator_lies_behind_the_table():
    behind = "".join(map(chr, range(LETTERS_END, 0x110000)))
    assert not re.search(rf"\w|{punctuation_and_spaces()}", behind)
    assert not any(chr(code) != chr(code).casefold() for code in range(CASED_END, 0x110000))


@pytest.mark.parametrize(
    ("one", "other"),
    [("Straße", "STRASSE"), ("ＡＢ－１", "ab-1"), ("ÀÉ", "àé"), ("ﬁne", "FINE"), ("Σας", "σαΣ")],
)
def test_case_and_width_count_nothing(one, other):
    found = shingles_of([one, other, "ab+1"], [1])
    first, second, third = np.split(found.hashes, found.offsets[1:-1])
    assert first.tolist() == second.tolist() != third.tolist()


def test_no_two_of_many_words_share_a_hash():
    words = [
        f"{a}{b}{c}{d}" for a in "abcdefgh" for b in "abcdefghijkl" for c in "klmnopqr" for d in "stuvwxyz"
    ]
    assert len(set(shingles_of(words, [1]).hashes.tolist())) == len(words)


def test_jaccard_counts_each_shingle_once():
    found = shingles_of(["a b c d", "a b c e", "a a b b c c d d", "", "f"], [1])
    left, right = np.array([0, 0, 0, 0, 3]), np.array([1, 2, 3, 4, 3])
    assert jaccard_similarities(found, left, right).tolist() == pytest.approx([3 / 5, 1, 0, 0, 0])


def test_a_system_that_knows_no_affinity_cuts_texts_all_the_same(monkeypatch):
    """macOS has no `os.sched_getaffinity`."""
    texts = ["The sea is deep.", "天是蓝的"]
    known = shingles_of(texts, (1, 2))
    monkeypatch.delattr(os, "sched_getaffinity")
    assert shingles_of(texts, (1, 2)).hashes.tolist() == known.hashes.tolist()
