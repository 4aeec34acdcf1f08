import numpy as np
import pytest

from instruction_tuning.text.ngram_hashes import NGRAM_BASE, mixed, ngram_sums

TOKENS = [5, 2**64 - 3, 0, 17, 5, 2**63, 9]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_window_is_the_polynomial_of_its_tokens(size):
    expected = [
        (size + sum(token * NGRAM_BASE**place for place, token in enumerate(TOKENS[start : start + size])))
        % 2**64
        for start in range(len(TOKENS) - size + 1)
    ]
    tokens = np.array(TOKENS, np.uint64)
    assert ngram_sums(tokens, size).tolist() == expected
    assert tokens.tolist() == TOKENS


@pytest.mark.parametrize("size", [8, 20])
def test_fewer_tokens_than_a_window_have_none(size):
    assert ngram_sums(np.array(TOKENS, np.uint64), size).shape == (0,)


def test_mixing_small_numbers_spreads_them_over_all_64_bits_and_joins_none():
    hashes = mixed(np.arange(1 << 16, dtype=np.uint64))
    assert len(np.unique(hashes)) == 1 << 16
    ones = [float(((hashes >> np.uint64(bit)) & np.uint64(1)).mean()) for bit in range(64)]
    assert max(abs(share - 0.5) for share in ones) < 0.02
