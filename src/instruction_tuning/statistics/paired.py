"""Is one model better than another on the same items? Differences of paired proportions.

On an item the candidate alone is right (gained), the reference alone (lost), or both do alike. Per
ability with n items: d = (gained - lost) / n. Intervals and tests follow Agresti and Min (2005,
Statistics in Medicine 24:729), half an item added to each of the four cells: n' = n + 2,

    d' = (gained - lost) / n',   v' = ((gained + lost + 1) / n' - d'^2) / n'

and for the mean over A abilities, which are independent: D' = mean d', V' = sum v' / A^2. Then

    interval          D' -+ z sqrt(V')
    one-sided tests   z = (D' - margin) / sqrt(V'), against the normal distribution

The half items keep the interval honest where no item or every item changed (McNemar's test has no
p-value there, Wald's interval no width). Tests and intervals are the same statement: a one-sided test
at level alpha rejects exactly where the one-sided bound at 1 - alpha excludes the margin. O(A).

Scores between 0 and 1 enter with their differences: gained + lost then is at least the sum of the squared
differences, so v' is an upper bound, and intervals are wider than need be, never narrower.

Holm (1979) corrects for asking the same question of several abilities.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from instruction_tuning.statistics.intervals import Interval


@dataclass(frozen=True)
class PairedCounts:
    """Items of one ability, and the score by which one of the two models is better on them, summed.

    With right and wrong alone these are the items that only one of them got right.
    """

    items: int
    gained: float
    lost: float

    def __post_init__(self) -> None:
        if self.items <= 0 or min(self.gained, self.lost) < 0 or self.gained + self.lost > self.items:
            raise ValueError(f"impossible paired counts: {self}")


def paired_difference(strata: Sequence[PairedCounts], confidence: float = 0.95) -> Interval:
    """Mean over the strata of (gained - lost) / items, two-sided; limits clipped to [-1, 1]."""
    centre, error = _centre_and_error(strata)
    reach = float(norm.ppf(0.5 + confidence / 2)) * error
    observed = float(np.mean([(stratum.gained - stratum.lost) / stratum.items for stratum in strata]))
    low, high = max(centre - reach, -1.0), min(centre + reach, 1.0)
    return Interval(observed, min(low, observed), max(high, observed))


def lower_bound(strata: Sequence[PairedCounts], alpha: float) -> float:
    """One-sided: the difference is above it with confidence 1 - alpha."""
    centre, error = _centre_and_error(strata)
    return centre - float(norm.isf(alpha)) * error


def p_value_above(strata: Sequence[PairedCounts], margin: float = 0.0) -> float:
    """One-sided p-value against `difference <= margin`; small: it is above the margin."""
    centre, error = _centre_and_error(strata)
    return float(norm.sf((centre - margin) / error))


def p_value_below(strata: Sequence[PairedCounts], margin: float = 0.0) -> float:
    """One-sided p-value against `difference >= margin`; small: it is below the margin."""
    centre, error = _centre_and_error(strata)
    return float(norm.cdf((centre - margin) / error))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values in the order given: rejecting at alpha keeps the family-wise error at alpha.

    Three lines, because `multipletests` of statsmodels collects the garbage of the whole process each time.
    """
    values = np.asarray(p_values, dtype=float)  # (m,)
    order = np.argsort(values, kind="stable")
    raised = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1)).clip(max=1.0)
    return [float(value) for value in raised[np.argsort(order)]]


def _centre_and_error(strata: Sequence[PairedCounts]) -> tuple[float, float]:
    if not strata:
        raise ValueError("a paired difference needs at least one ability")
    items = np.array([stratum.items for stratum in strata], dtype=float) + 2.0  # (A,)
    gained = np.array([stratum.gained for stratum in strata], dtype=float)
    lost = np.array([stratum.lost for stratum in strata], dtype=float)
    difference = (gained - lost) / items
    variance = ((gained + lost + 1.0) / items - difference**2) / items
    return float(difference.mean()), float(np.sqrt(variance.sum())) / len(strata)
