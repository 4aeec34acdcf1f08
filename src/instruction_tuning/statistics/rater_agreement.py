"""Agreement of raters beyond chance: Krippendorff's alpha and Cohen's kappa, with bootstrap intervals.

Alpha (Krippendorff 2004, Content Analysis, ch. 11), for any number of raters and missing values. Of an item
that m_u raters valued, each ordered pair of values (c, k) by two raters adds 1 / (m_u - 1) to o_ck; items
with one value add nothing. With n_c = sum_k o_ck, n = sum_c n_c and a difference d_ck:

    alpha = 1 - (n - 1) · sum_ck o_ck d_ck / sum_ck n_c n_k d_ck

nominal: d_ck = 0 if c = k else 1;  interval: d_ck = (c - k)^2.

Kappa (Cohen 1960), for two raters of the same items, with shares p_ck of the values (c, k):

    kappa = (sum_c p_cc - sum_c p_c. p_.c) / (1 - sum_c p_c. p_.c)

Both are functions of a table that is a sum over items; so resampling items (percentile bootstrap, as in
bootstrap.py) is a product of how often each item is drawn, (draws, N), with the items' tables, (N, V·V).
Both are null where all values are the same: chance alone would agree as well. O(draws · N · V^2).
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Literal

import numpy as np

from instruction_tuning.statistics.bootstrap import DRAWS
from instruction_tuning.statistics.intervals import Interval

Level = Literal["nominal", "interval"]
Items = Sequence[
    Sequence[Hashable]
]  # of each item the values that its raters gave; missing ones are left out


def krippendorff_alpha(items: Items, *, level: Level, seed: int) -> Interval | None:
    """Alpha with its 95% limits; null without an item that two raters valued, or without any variation."""
    values = _values(items)
    tables = np.array([_coincidences(item, values) for item in items if len(item) > 1])  # (N, V, V)
    if level == "interval":
        numbers = np.array([float(str(value)) for value in values])
        differences = (numbers[:, None] - numbers[None, :]) ** 2
    else:
        differences = 1.0 - np.eye(len(values))

    def alpha(table: np.ndarray) -> np.ndarray:
        totals = table.sum(axis=-1)  # (..., V)
        observed = (table * differences).sum(axis=(-2, -1))
        expected = np.einsum("...c,...k,ck->...", totals, totals, differences)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(expected > 0, 1 - (totals.sum(axis=-1) - 1) * observed / expected, np.nan)

    return _resampled(tables, alpha, seed)


def cohen_kappa(pairs: Sequence[tuple[Hashable, Hashable]], *, seed: int) -> Interval | None:
    """Kappa of two raters with its 95% limits, from their two values of each item that both valued."""
    values = _values(pairs)
    place = {value: index for index, value in enumerate(values)}
    tables = np.zeros((len(pairs), len(values), len(values)))  # (N, V, V)
    for number, (first, second) in enumerate(pairs):
        tables[number, place[first], place[second]] = 1

    def kappa(table: np.ndarray) -> np.ndarray:
        total = table.sum(axis=(-2, -1))
        by_chance = (table.sum(axis=-1) * table.sum(axis=-2)).sum(axis=-1) / total**2
        agreed = np.trace(table, axis1=-2, axis2=-1) / total
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(by_chance < 1, (agreed - by_chance) / (1 - by_chance), np.nan)

    return _resampled(tables, kappa, seed)


def _coincidences(item: Sequence[Hashable], values: Sequence[Hashable]) -> np.ndarray:
    counts = np.array([sum(value == given for given in item) for value in values], dtype=float)  # (V,)
    return (np.outer(counts, counts) - np.diag(counts)) / (len(item) - 1)


def _values(items: Items) -> list[Hashable]:
    return sorted({value for item in items for value in item}, key=str)


def _resampled(
    tables: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray], seed: int
) -> Interval | None:
    """The statistic of all items, with limits from draws of items, but for draws without any variation."""
    if not len(tables):
        return None
    estimate = float(statistic(tables.sum(axis=0)))
    if np.isnan(estimate):
        return None
    items, size = len(tables), tables.shape[-1]
    times = np.random.default_rng(seed).multinomial(items, [1 / items] * items, size=DRAWS)  # (draws, N)
    drawn = (times @ tables.reshape(items, -1)).reshape(DRAWS, size, size)
    low, high = np.nanquantile(statistic(drawn), [0.025, 0.975])
    return Interval(estimate, float(low), float(high))
