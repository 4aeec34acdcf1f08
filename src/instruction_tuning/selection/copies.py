"""Rows that say the same as an earlier one, to the bit."""

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np


def copies(points: np.ndarray, rows: Iterable[int]) -> np.ndarray:
    """Of each of `rows` of `points` (N, D), in order, whether one before it in `rows` is the same."""
    seen: set[bytes] = set()  # digests: the rows themselves would be the points once more
    is_copy = []
    for row in rows:
        vector = points[row] + 0.0  # minus zero is zero
        digest = blake2b(vector.tobytes(), digest_size=16).digest()
        is_copy.append(digest in seen)
        seen.add(digest)
    return np.array(is_copy, dtype=bool)
