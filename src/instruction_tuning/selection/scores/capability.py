"""Difficulty as the base model meets it: best are the queries that it can do sometimes.

What a model always gets right teaches it nothing, and to what it never gets right it has no way yet: Kimi
k1.5 (arXiv 2501.12599) takes the pass rate of sampled answers for the difficulty of a prompt; DAPO (arXiv
2503.14476) drops prompts of which all are right, or all wrong. Here nothing is sampled: the place of a record
is the percentile of its answer's loss among the pool's, and with a stated band the score is a tent:

    1 in the middle of the band, 1/2 at its ends, from there down to 0 where the scale ends

so that a record inside the band comes before every one outside it. O(N log N).
Departures: the loss stands for the pass rate; the tent is the project's own.
"""

import numpy as np
import pandas as pd

from instruction_tuning.selection.scores.loss_inputs import check_band, loss_percentiles

NAME = "capability_score"


def capability_from_loss(answer_losses: pd.Series, *, low: float, high: float) -> pd.Series:
    """`capability_score`, in [0, 1], of each of `answer_losses` (N,), by record id; NaN where there is none.

    `low` and `high` are percentiles of the loss, 0 (what the model says anyway) to 100.
    """
    check_band(low, high)
    percentiles = loss_percentiles(answer_losses)
    # The ends of the scale give way to a band that reaches them.
    heights = {0.0: 0.0, 100.0: 0.0, low: 0.5, (low + high) / 2: 1.0, high: 0.5}
    corners = sorted(heights)
    tent = np.interp(percentiles.to_numpy(), corners, [heights[corner] for corner in corners])
    return pd.Series(tent, index=percentiles.index, name=NAME)
