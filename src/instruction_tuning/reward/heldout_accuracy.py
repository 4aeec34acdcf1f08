"""How often a reward model puts the better of two answers first, on records that it has not seen.

Nor has the fine-tuned model that it starts from: the test records are those that SFT held out. Else its
own training would have shown it the best answer of each.

Accuracy with a percentile bootstrap over *records* (Efron 1979): pairs of one record share answers, so
drawing pairs would make the interval too narrow. Equal rewards count half.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from instruction_tuning.statistics.bootstrap import bootstrap_interval


@dataclass(frozen=True)
class HeldoutAccuracy:
    """Accuracy in [0, 1] with its 95% interval, and the mean of chosen less rejected reward."""

    accuracy: float
    ci_low: float
    ci_high: float
    pairs: int
    records: int
    mean_margin: float


def heldout_accuracy(
    record_ids: pd.Series, chosen: np.ndarray, rejected: np.ndarray, *, seed: int
) -> HeldoutAccuracy | None:
    """From the rewards (N,) of chosen and rejected answers; null where no pair has both."""
    margins = np.asarray(chosen) - np.asarray(rejected)  # (N,)
    known = np.isfinite(margins)
    if not known.any():
        return None
    margins = margins[known]
    hits = (margins > 0) + 0.5 * (margins == 0)
    a_record = (
        pd.DataFrame({"record": record_ids.to_numpy()[known], "hits": hits, "pairs": 1.0})
        .groupby("record", sort=True)
        .sum()
    )
    accuracy = bootstrap_interval(a_record["hits"].to_numpy(), a_record["pairs"].to_numpy(), seed=seed)
    return HeldoutAccuracy(
        accuracy=accuracy.estimate,
        ci_low=accuracy.low,
        ci_high=accuracy.high,
        pairs=int(known.sum()),
        records=len(a_record),
        mean_margin=float(margins.mean()),
    )
