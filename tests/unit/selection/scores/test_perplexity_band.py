import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.selection.scores.loss_inputs import loss_percentiles
from instruction_tuning.selection.scores.perplexity_band import perplexity_band, perplexity_band_exclusions


def losses_of(*values: float | None) -> pd.Series:
    return pd.Series(values, index=[f"r{row}" for row in range(len(values))], dtype="float64")


def test_the_middle_of_the_band_is_best_and_outside_is_nothing() -> None:
    scores = perplexity_band(losses_of(5, 1, 3, 2, 4), low=20, high=80)  # percentiles 90, 10, 50, 30, 70
    assert scores.name == "perplexity_band_score"
    np.testing.assert_allclose(scores, [np.nan, np.nan, 1, 1 / 3, 1 / 3])


def test_the_ends_belong_to_the_band() -> None:
    assert perplexity_band(losses_of(1, 2), low=25, high=75).tolist() == [0, 0]


def test_who_is_outside_says_where() -> None:
    reasons = perplexity_band_exclusions(losses_of(5, 1, 3, 2, 4, None), low=20, high=80)
    assert reasons.to_dict() == {
        "r0": "left: its loss 5.000 is at percentile 90.0, outside 20 to 80",
        "r1": "left: its loss 1.000 is at percentile 10.0, outside 20 to 80",
        "r5": "no score: the loss was not measured",
    }


def test_equal_losses_share_a_percentile_and_missing_ones_have_none() -> None:
    assert loss_percentiles(losses_of(2, 1, 2, None)).tolist()[:3] == pytest.approx(
        [200 / 3, 50 / 3, 200 / 3]
    )
    assert loss_percentiles(losses_of(None, None)).isna().all()


@settings(max_examples=30)
@given(
    st.lists(st.integers(0, 20), min_size=1, max_size=30), st.integers(0, 99), st.integers(1, 100), st.data()
)
def test_a_score_depends_on_the_ranks_alone(
    values: list[int], low: int, width: int, data: st.DataObject
) -> None:
    losses, high = losses_of(*values), min(low + width, 100)
    scores = perplexity_band(losses, low=low, high=high)
    assert scores.dropna().between(0, 1).all()
    assert set(scores.index[scores.isna()]) == set(
        perplexity_band_exclusions(losses, low=low, high=high).index
    )
    shuffled = losses.loc[data.draw(st.permutations(list(losses.index)))]
    pd.testing.assert_series_equal(
        perplexity_band(np.exp(shuffled / 10), low=low, high=high).loc[losses.index], scores
    )


@pytest.mark.parametrize(("low", "high"), [(75, 25), (50, 50), (-1, 50), (50, 101)])
def test_a_band_that_is_none_is_refused(low: float, high: float) -> None:
    with pytest.raises(ConfigurationError, match="there is no band"):
        perplexity_band(losses_of(1, 2), low=low, high=high)


def test_an_infinite_loss_names_its_record() -> None:
    with pytest.raises(InputError) as caught:
        perplexity_band(losses_of(1, np.inf), low=25, high=75)
    assert caught.value.record == "r1"
