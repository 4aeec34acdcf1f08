import numpy as np
import pytest

from instruction_tuning.statistics.intervals import macro_interval, wilson_interval


def test_wilson_gives_the_published_example():
    """Newcombe 1998, Statistics in Medicine 17:857, table I: 81 of 263."""
    interval = wilson_interval(81, 263)
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.2553, 0.3662)


@pytest.mark.parametrize("right", [0, 10])
def test_no_and_all_right_have_an_interval_with_width_that_holds_the_estimate(right):
    interval = wilson_interval(right, 10)
    assert 0 <= interval.low <= interval.estimate <= interval.high <= 1
    assert interval.high - interval.low > 0.2


def test_an_accuracy_of_nothing_is_an_error():
    with pytest.raises(ValueError, match="at least one item"):
        wilson_interval(0, 0)


def test_the_macro_average_weighs_abilities_alike():
    assert macro_interval([10, 0], [10, 1000]).estimate == 0.5


def test_the_macro_interval_of_one_ability_is_its_own():
    macro, own = macro_interval([7], [20]), wilson_interval(7, 20)
    assert (macro.low, macro.high) == pytest.approx((own.low, own.high))


@pytest.mark.parametrize("accuracies", [(0.5, 0.6, 0.4, 0.5, 0.7), (0.02, 0.99, 0.95, 1.0, 0.3)])
def test_the_macro_interval_covers_the_truth_95_times_in_100(accuracies):
    rng = np.random.default_rng(1)
    right = rng.binomial(40, accuracies, size=(600, len(accuracies)))
    truth = np.mean(accuracies)
    intervals = [macro_interval(row.tolist(), [40] * len(accuracies)) for row in right]
    coverage = np.mean([interval.low <= truth <= interval.high for interval in intervals])
    assert 0.925 <= coverage <= 0.99
