"""What every sampler's tests claim of it, in one place."""

from collections.abc import Callable
from random import Random
from typing import Any

import pandas as pd


def assert_the_order_of_the_rows_does_not_matter(
    pick: Callable[..., list[str]],
    explain: Callable[..., pd.DataFrame],
    scores: pd.Series,
    features: pd.DataFrame | None,
    budget: int,
    random: Random,
    **settings: Any,
) -> None:
    """Picks and reasons of the pool shuffled by `random`, the features the other way round, are the same."""
    order = list(scores.index)
    random.shuffle(order)
    shuffled = scores.loc[order], features if features is None else features.loc[order[::-1]]
    picks = pick(scores, features, budget, **settings)
    assert pick(*shuffled, budget, **settings) == picks
    reasons = explain(picks, scores, features, **settings)
    pd.testing.assert_frame_equal(explain(picks, *shuffled, **settings), reasons)
    assert reasons["record_id"].tolist() == picks + sorted(set(order) - set(picks))
