"""Texts that a model finds neither too easy nor too hard: a band of percentiles of perplexity.

The middle of a distribution of perplexities is what Cherry takes its first records from (arXiv 2308.12032,
the 25th to the 75th percentile), and what pruning of pre-training data looks at (Marion et al. 2023, arXiv
2309.04564). With p the percentile of a record's loss among those measured:

    perplexity_band_score = 1 - |p - (low + high) / 2| / ((high - low) / 2)        low <= p <= high

1 in the middle of the band, 0 at its ends; outside there is no score. Whether the perplexity is that of
prompts or of answers is the caller's choice of column. O(N log N).
Departures: Marion et al. prune by a band and keep all that is in it alike; here its middle comes first.
"""

import numpy as np
import pandas as pd

from instruction_tuning.selection.scores.loss_inputs import NOT_MEASURED, check_band, loss_percentiles

NAME = "perplexity_band_score"


def perplexity_band(losses: pd.Series, *, low: float, high: float) -> pd.Series:
    """`perplexity_band_score`, in [0, 1], of each of `losses` (N,), by record id; NaN outside the band.

    `low` and `high` are percentiles, 0 to 100. Raises `InputError` for a loss that is infinite or below 0.
    """
    check_band(low, high)
    percentiles = loss_percentiles(losses)
    closeness = 1 - (percentiles - (low + high) / 2).abs() / ((high - low) / 2)
    # The ends belong to the band; rounding must not put them out of it.
    return closeness.clip(lower=0).where(percentiles.between(low, high)).rename(NAME)


def perplexity_band_exclusions(losses: pd.Series, *, low: float, high: float) -> "pd.Series[str]":
    """Why a record has no score, by record id, of those that have none."""
    check_band(low, high)
    percentiles = loss_percentiles(losses)
    out = ~percentiles.between(low, high)
    reasons = [
        NOT_MEASURED
        if np.isnan(place)
        else f"left: its loss {loss:.3f} is at percentile {place:.1f}, outside {low:g} to {high:g}"
        for loss, place in zip(losses[out], percentiles[out], strict=True)
    ]
    return pd.Series(reasons, index=losses.index[out], name="reason", dtype="str")
