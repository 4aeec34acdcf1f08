"""The records of the best scores, and nothing else: what every cleverer sampler has to beat.

    pick = argmax_{i not in S} score_i

With one score this is the selection of AlpaGasus (arXiv 2307.08701), of IFD (arXiv 2308.12032) and of the
complexity and quality columns of Deita (arXiv 2312.15685). Records that say the same have the same score, so
what it picks is often alike. O(N log N).
"""

import pandas as pd

from instruction_tuning.selection.samplers.inputs import check_sampler_inputs
from instruction_tuning.selection.samplers.reason_rows import reason_rows
from instruction_tuning.selection.samplers.score_order import NO_SCORE, by_score, name_of, shown


def top_score(scores: pd.Series, features: pd.DataFrame | None, budget: int, *, seed: int) -> list[str]:
    """Record ids, the highest of `scores` (N,) first; equal scores by record id.

    A record without a score is never picked. `features` and `seed` are not used: nothing is left to chance.
    """
    check_sampler_inputs(scores, None, budget)
    return by_score(scores)[:budget]


def top_score_reasons(
    picks: list[str], scores: pd.Series, features: pd.DataFrame | None, *, seed: int
) -> pd.DataFrame:
    """(N, 4) the place of each record of the pool in the order of the scores; see reason_rows.py."""
    order, name, values = by_score(scores), name_of(scores), scores.to_dict()
    last = values[picks[-1]] if picks else float("inf")
    reasons = dict.fromkeys(scores.index, NO_SCORE)
    for place, record in enumerate(order, start=1):
        own = values[record]
        standing = f"{name} {shown(own)}, place {place} of {len(order)}"
        if place <= len(picks):
            reasons[record] = f"taken: {standing}"
        elif own == last:
            reasons[record] = f"left: {standing}; the last one taken has the same and the smaller record id"
        else:
            reasons[record] = f"left: {standing}; the last one taken has {shown(last)}"
    return reason_rows(picks, scores, reasons)
