import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.selection.scores.capability import capability_from_loss


def test_losses_are_taken_by_their_rank() -> None:
    losses = pd.Series(
        [9.0, 0.1, 2.0, 1.0, 3.0, np.nan], index=list("abcdef")
    )  # percentiles 90, 10, 50, 30, 70
    scores = capability_from_loss(losses, low=30, high=90)
    assert scores.name == "capability_score"
    # 60 is the middle; 10 is a third of the way up to the band.
    np.testing.assert_allclose(scores, [0.5, 0.5 / 3, 5 / 6, 0.5, 5 / 6, np.nan])


@settings(max_examples=30)
@given(st.lists(st.floats(0, 10), min_size=2, max_size=40), st.integers(0, 99), st.integers(1, 100))
def test_inside_the_band_is_always_better_than_outside(losses: list[float], low: int, width: int) -> None:
    high = min(low + width, 100)
    values = pd.Series(losses, index=[f"r{row}" for row in range(len(losses))])
    scores = capability_from_loss(values, low=low, high=high)
    percentiles = (values.rank(method="average") - 0.5) / len(values) * 100
    inside = percentiles.between(low, high)
    assert scores.between(0, 1).all()
    assert (scores[inside] >= 0.5 - 1e-9).all() and (scores[~inside] < 0.5).all()


def test_a_band_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no band from 80 to 20"):
        capability_from_loss(pd.Series([1.0, 2.0]), low=80, high=20)
