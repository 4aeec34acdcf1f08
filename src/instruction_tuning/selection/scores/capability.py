"""Difficulty as the base model meets it: best are the queries that it can do sometimes.

What a model always gets right teaches it nothing, and to what it never gets right it has no way yet. With
the pass rate p, whether a sampled answer is right has the variance p (1 - p), most at one half. Kimi k1.5
(arXiv 2501.12599) takes the pass rate of sampled answers for the difficulty of a prompt; DAPO (arXiv
2503.14476) drops prompts of which all are right, or all wrong. With a stated band the score here is a
tent:

    1 in the middle of the band, 1/2 at its ends, from there down to 0 where the scale ends

so that a record inside the band comes before every one outside it.

Two scales are on offer. The pass rate of k right ones in n samples, drawn towards one half as in the
middle of Wilson's interval (Wilson 1927), since two of two is less sure than sixteen of sixteen:

    p = (k + z²/2) / (n + z²)        z = 1.96

With 4 samples it lies between 0.24 and 0.76, with 16 between 0.10 and 0.90: choose the band accordingly.
Or, where nothing was sampled, the percentile of the answer's loss among the pool's. O(N log N).
Departures: the tent is the project's own; p (1 - p) has its middle at one half and no bounds.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.selection.scores.loss_inputs import check_band, loss_percentiles

NAME = "capability_score"
_Z = 1.959964  # 95%


def capability_from_pass_rate(
    samples: pd.DataFrame, record_ids: Iterable[str], *, low: float, high: float
) -> pd.Series:
    """`capability_score`, in [0, 1], of each of `record_ids`; NaN where no sample was checked.

    `samples` has a row a sampled answer: record_id, passed (0 or 1; null where it was not checked). Those
    of other records are left aside. `low` and `high` are pass rates, 0 to 1.
    """
    check_band(low, high, 1)
    return _tent(smoothed_pass_rates(samples, record_ids), low, high, 1.0)


def capability_from_loss(answer_losses: pd.Series, *, low: float, high: float) -> pd.Series:
    """`capability_score`, in [0, 1], of each of `answer_losses` (N,), by record id; NaN where there is none.

    `low` and `high` are percentiles of the loss, 0 (what the model says anyway) to 100.
    """
    check_band(low, high, 100)
    return _tent(loss_percentiles(answer_losses), low, high, 100.0)


def smoothed_pass_rates(samples: pd.DataFrame, record_ids: Iterable[str]) -> pd.Series:
    """`pass_rate`, the middle of Wilson's interval, of each of `record_ids`; NaN without a checked sample.

    Raises `InputError` for a `passed` that is neither 0 nor 1, and where no sample is of these records.
    """
    pool = pd.Index(record_ids, name="record_id")
    passed = samples["passed"].astype("float64")
    wrong = passed.notna() & ~passed.isin([0.0, 1.0])
    if wrong.any():
        place = int(wrong.to_numpy().argmax())
        raise InputError(
            f"a sample passes or does not, and {passed.iloc[place]:g} is neither 0 nor 1",
            record=samples["record_id"].iloc[place],
            field="passed",
            fix="count a partly right answer as one or the other, or as null",
        )
    if len(samples) and not samples["record_id"].isin(pool).any():
        raise InputError(
            "the samples are of another pool: none of its records is in this one",
            record=samples["record_id"].iloc[0],
            fix="sample answers to the queries of this pool",
        )
    checked = passed.groupby(samples["record_id"].to_numpy()).agg(["sum", "count"]).reindex(pool)
    count = checked["count"].where(checked["count"] > 0)
    return ((checked["sum"] + _Z**2 / 2) / (count + _Z**2)).rename("pass_rate")


def capability_exclusions(scores: pd.Series) -> "pd.Series[str]":
    """Why a record of `scores`, by either function above, has none, by record id."""
    out = scores.index[scores.isna()]
    return pd.Series("no score: the base model was not measured on it", index=out, name="reason", dtype="str")


def _tent(places: pd.Series, low: float, high: float, top: float) -> pd.Series:
    """Straight lines from 0 at 0 to 1/2 at `low`, 1 in the middle, 1/2 at `high` and 0 at `top`."""
    corners = {0.0: 0.0, top: 0.0, low: 0.5, (low + high) / 2: 1.0, high: 0.5}
    across = sorted(corners)
    heights = np.interp(places.to_numpy(dtype=np.float64), across, [corners[corner] for corner in across])
    return pd.Series(heights, index=places.index, name=NAME).where(places.notna())
