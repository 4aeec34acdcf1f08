"""Intervals for an accuracy and for a mean of accuracies.

One ability: Wilson's score interval (Wilson 1927), which stays inside [0, 1] and has a width at 0 and
n right answers too.

Mean of abilities (every ability counts alike, however many items it has): the MOVER interval (Zou and
Donner 2008, Statistics in Medicine 27:1693). With accuracies p_a, Wilson limits l_a and u_a, weights
w_a = 1/A:

    sum w_a p_a - sqrt(sum (w_a (p_a - l_a))^2),   sum w_a p_a + sqrt(sum (w_a (u_a - p_a))^2)

Abilities are independent strata, so no item of one says anything about another. O(A).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Interval:
    """An estimate with its two-sided limits."""

    estimate: float
    low: float
    high: float


def wilson_interval(right: float, items: int, confidence: float = 0.95) -> Interval:
    """The share right / items; `right` may be a sum of scores. Raises `ValueError` without items."""
    from statsmodels.stats.proportion import proportion_confint  # half a second

    if items <= 0:
        raise ValueError("an accuracy needs at least one item")
    low, high = proportion_confint(right, items, alpha=1 - confidence, method="wilson")
    share = right / items
    # At 0 and n rounding can put a limit a hair on the wrong side of the estimate.
    return Interval(share, min(float(low), share), max(float(high), share))


def macro_interval(right: Sequence[float], items: Sequence[int], confidence: float = 0.95) -> Interval:
    """The mean of the strata's shares, each with the same weight."""
    strata = [wilson_interval(r, n, confidence) for r, n in zip(right, items, strict=True)]
    if not strata:
        raise ValueError("a mean of accuracies needs at least one ability")
    estimates = np.array([stratum.estimate for stratum in strata])  # (A,)
    below = estimates - np.array([stratum.low for stratum in strata])
    above = np.array([stratum.high for stratum in strata]) - estimates
    mean = float(estimates.mean())
    return Interval(
        mean,
        mean - float(np.sqrt((below**2).sum())) / len(strata),
        mean + float(np.sqrt((above**2).sum())) / len(strata),
    )
