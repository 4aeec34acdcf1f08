import numpy as np
import pandas as pd
import pytest

from instruction_tuning.reward.heldout_accuracy import heldout_accuracy


def test_equal_rewards_count_half() -> None:
    result = heldout_accuracy(
        pd.Series(["a", "b", "c", "d"]), np.array([1.0, 1, 1, 0]), np.array([0.0, 1, 0, 1]), seed=0
    )
    assert result is not None
    assert (result.accuracy, result.pairs, result.mean_margin) == (0.625, 4, 0.25)
    assert result.ci_low <= 0.625 <= result.ci_high


def test_the_interval_of_independent_pairs_is_that_of_a_proportion() -> None:
    wins = np.arange(400) % 4 > 0  # 75%
    result = heldout_accuracy(
        pd.Series([f"r{row}" for row in range(400)]), wins.astype(float), np.full(400, 0.5), seed=0
    )
    assert result is not None
    half = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert result.ci_low == pytest.approx(0.75 - half, abs=0.01)
    assert result.ci_high == pytest.approx(0.75 + half, abs=0.01)


def test_pairs_of_the_same_records_do_not_make_the_interval_narrower() -> None:
    wins = np.repeat(np.arange(40) % 4 > 0, 10).astype(float)
    result = heldout_accuracy(
        pd.Series(np.repeat([f"r{row}" for row in range(40)], 10)), wins, np.full(400, 0.5), seed=0
    )
    assert result is not None
    assert result.ci_high - result.ci_low > 0.2  # 40 records, not 400 pairs


def test_a_pair_without_reward_is_left_out_and_no_pair_at_all_is_null() -> None:
    ids = pd.Series(["a", "b"])
    result = heldout_accuracy(ids, np.array([1.0, np.nan]), np.array([0.0, 0.0]), seed=0)
    assert result is not None and result.pairs == 1
    assert heldout_accuracy(ids, np.array([np.nan, np.nan]), np.zeros(2), seed=0) is None
