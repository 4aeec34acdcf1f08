"""Rows that say the same as an earlier one, to the bit."""

from collections.abc import Iterable

import numpy as np


def copies(points: np.ndarray, rows: Iterable[int]) -> np.ndarray:
    """Of each of `rows` of `points` (N, D), in order, whether one before it in `rows` is the same."""
    seen: set[bytes] = set()
    is_copy = []
    for row in rows:
        vector = (points[row] + 0.0).tobytes()  # + 0.0: minus zero is zero
        is_copy.append(vector in seen)
        seen.add(vector)
    return np.array(is_copy, dtype=bool)
