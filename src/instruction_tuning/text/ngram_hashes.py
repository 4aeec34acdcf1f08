"""All n-grams of a corpus as 64-bit numbers, in numpy.

An n-gram of tokens t_0 … t_(n-1), each a number already, is the polynomial n + sum t_i B^i mod 2^64 with odd
B (Rabin and Karp's string search, 1987), mixed by the finaliser of MurmurHash3. Equal n-grams have equal
hashes; others may collide, so what rests on one hash is to be compared token by token.
"""

import numpy as np

NGRAM_BASE = 0xD6E8FEB86659FD93  # odd


def ngram_sums(tokens: np.ndarray, size: int) -> np.ndarray:
    """The polynomials of all windows of `size` tokens, before they are mixed.

    From (T,) uint64 to (max(0, T - size + 1),) uint64.
    """
    last = len(tokens) - size + 1
    if last <= 0:
        return np.empty(0, np.uint64)
    sums: np.ndarray = tokens[:last].copy()
    for place in range(1, size):
        sums += tokens[place : last + place] * np.uint64(pow(NGRAM_BASE, place, 1 << 64))
    sums += np.uint64(size)
    return sums


def mixed(values: np.ndarray) -> np.ndarray:
    """A bijection of 64 bits in which every bit of the result hangs on every bit of the value."""
    values = values ^ (values >> np.uint64(33))
    values *= np.uint64(0xFF51AFD7ED558CCD)
    values ^= values >> np.uint64(33)
    values *= np.uint64(0xC4CEB9FE1A85EC53)
    values ^= values >> np.uint64(33)
    return values
