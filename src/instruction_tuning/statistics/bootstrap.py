"""Percentile bootstrap of a share over clusters (Efron 1979).

What belongs to one cluster (answers to one prompt, pairs of one record) is not independent, so whole clusters
are drawn, with replacement:

    share = sum_c total_c / sum_c size_c

O(draws · clusters).
"""

import numpy as np

from instruction_tuning.statistics.intervals import Interval

DRAWS = 2000


def bootstrap_interval(totals: np.ndarray, sizes: np.ndarray, *, seed: int) -> Interval:
    """The share with its 95% limits, from the totals (C,) and sizes (C,) of the clusters."""
    drawn = np.random.default_rng(seed).integers(0, len(totals), size=(DRAWS, len(totals)))
    shares = totals[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)  # (draws,)
    low, high = np.quantile(shares, [0.025, 0.975])
    return Interval(float(totals.sum() / sizes.sum()), float(low), float(high))
