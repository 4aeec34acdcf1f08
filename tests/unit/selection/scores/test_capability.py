import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.selection.scores.capability import (
    capability_exclusions,
    capability_from_loss,
    capability_from_pass_rate,
    smoothed_pass_rates,
)


def samples_of(**passed: list[float | None]) -> pd.DataFrame:
    rows = [(record_id, one) for record_id, ones in passed.items() for one in ones]
    return pd.DataFrame(rows, columns=["record_id", "passed"])


SAMPLES = samples_of(always=[1] * 16, half=[1, 0] * 8, rarely=[1] * 3 + [0] * 13, never=[0] * 16)


def test_what_the_base_can_do_sometimes_comes_before_what_it_always_and_never_can() -> None:
    ids = ["never", "half", "rarely", "always", "unasked"]
    scores = capability_from_pass_rate(SAMPLES, ids, low=0.2, high=0.8)
    assert scores.name == "capability_score" and scores.index.tolist() == ids
    assert scores["half"] == pytest.approx(1.0)
    assert scores["half"] > scores["rarely"] > 0.5 > scores["never"] == pytest.approx(scores["always"])
    assert np.isnan(scores["unasked"])


@pytest.mark.parametrize(("right", "count"), [(0, 1), (1, 1), (3, 4), (5, 16)])
def test_the_smoothed_rate_is_the_middle_of_wilsons_interval(right: int, count: int) -> None:
    rate = smoothed_pass_rates(samples_of(a=[1] * right + [0] * (count - right)), ["a"])["a"]
    assert rate == pytest.approx(np.mean(proportion_confint(right, count, method="wilson")), abs=1e-5)


def test_a_sample_that_could_not_be_checked_is_none() -> None:
    rates = smoothed_pass_rates(samples_of(a=[1, None, 0], b=[None]), ["a", "b"])
    assert rates["a"] == 0.5 and np.isnan(rates["b"])
    assert capability_exclusions(rates).to_dict() == {"b": "no score: the base model was not measured on it"}


def test_the_order_of_samples_and_those_of_other_records_do_not_matter() -> None:
    ids = ["half", "rarely"]
    pd.testing.assert_series_equal(
        smoothed_pass_rates(SAMPLES.iloc[::-1], ids), smoothed_pass_rates(SAMPLES, ids)
    )


def test_samples_of_another_pool_and_half_passes_are_refused() -> None:
    with pytest.raises(InputError, match="of another pool"):
        capability_from_pass_rate(SAMPLES, ["x"], low=0.2, high=0.8)
    with pytest.raises(InputError, match="neither 0 nor 1") as caught:
        capability_from_pass_rate(samples_of(a=[1], b=[0.5]), ["a", "b"], low=0.2, high=0.8)
    assert caught.value.record == "b"


def test_losses_are_taken_by_their_rank() -> None:
    losses = pd.Series(
        [9.0, 0.1, 2.0, 1.0, 3.0, np.nan], index=list("abcdef")
    )  # percentiles 90, 10, 50, 30, 70
    scores = capability_from_loss(losses, low=30, high=90)
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
    with pytest.raises(ConfigurationError, match="no band from 20 to 80"):
        capability_from_pass_rate(SAMPLES, ["half"], low=20, high=80)
