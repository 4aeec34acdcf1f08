import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from instruction_tuning.statistics.paired import (
    PairedCounts,
    holm,
    lower_bound,
    p_value_above,
    p_value_below,
    paired_difference,
)

EQUAL = [PairedCounts(items=200, gained=0, lost=0)]


def drawn(rng, gain, loss, *, items, abilities):
    """Counts of a run in which an item is gained or lost with these chances."""
    counts = rng.multinomial(items, [gain, loss, 1 - gain - loss], size=abilities)
    return [PairedCounts(items, int(gained), int(lost)) for gained, lost, _ in counts]


def test_the_interval_of_agresti_and_min_by_hand():
    """10 gained and 2 lost of 48: n' = 50, d' = 8/50, v' = (13/50 - d'^2)/50."""
    interval = paired_difference([PairedCounts(48, 10, 2)])
    error = np.sqrt((13 / 50 - 0.16**2) / 50)
    assert interval.estimate == pytest.approx(8 / 48)
    assert (interval.low, interval.high) == pytest.approx((0.16 - 1.959964 * error, 0.16 + 1.959964 * error))


def test_models_that_agree_everywhere_differ_neither_up_nor_down():
    assert p_value_above(EQUAL) == p_value_below(EQUAL) == 0.5
    interval = paired_difference(EQUAL)
    assert interval.low < 0 == interval.estimate < interval.high


def test_tests_and_bounds_agree():
    strata = [PairedCounts(100, 12, 9), PairedCounts(150, 3, 20)]
    bound = lower_bound(strata, alpha=0.05)
    assert p_value_above(strata, bound) == pytest.approx(0.05)
    assert p_value_below(strata, 0.01) == pytest.approx(1 - p_value_above(strata, 0.01))


def test_swapping_the_models_swaps_the_signs():
    there, back = (
        paired_difference([PairedCounts(90, 20, 5)]),
        paired_difference([PairedCounts(90, 5, 20)]),
    )
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


@pytest.mark.parametrize(("gain", "loss"), [(0.2, 0.2), (0.3, 0.1), (0.01, 0.01), (0.02, 0.15)])
def test_the_interval_covers_the_truth_at_least_95_times_in_100(gain, loss):
    rng = np.random.default_rng(2)
    intervals = [paired_difference(drawn(rng, gain, loss, items=60, abilities=5)) for _ in range(1000)]
    coverage = np.mean([interval.low <= gain - loss <= interval.high for interval in intervals])
    assert coverage >= 0.935


def test_a_candidate_that_is_no_better_rarely_looks_better():
    rng = np.random.default_rng(3)
    p_values = [p_value_above(drawn(rng, 0.1, 0.1, items=40, abilities=5)) for _ in range(1000)]
    assert 0.02 <= np.mean(np.array(p_values) < 0.05) <= 0.07


def test_a_loss_at_the_margin_rarely_passes_for_a_smaller_one():
    rng = np.random.default_rng(4)
    bounds = [lower_bound(drawn(rng, 0.05, 0.08, items=200, abilities=5), alpha=0.05) for _ in range(1000)]
    assert 0.02 <= np.mean(np.array(bounds) > -0.03) <= 0.075


def test_many_items_show_that_nothing_is_lost():
    assert lower_bound([PairedCounts(200, 8, 8)] * 5, alpha=0.05) > -0.03


def test_holm_multiplies_the_smallest_by_the_number_of_questions_and_keeps_the_order():
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([]) == []


def test_holm_is_that_of_statsmodels():
    rng = np.random.default_rng(0)
    for size in (1, 2, 7, 30):
        values = np.append(rng.uniform(0, 1, size) ** 3, [0.02, 0.02])
        assert holm(values) == pytest.approx(multipletests(values, method="holm")[1])


@pytest.mark.parametrize("counts", [(0, 0, 0), (5, 4, 2), (5, -1, 0)])
def test_impossible_counts_are_refused(counts):
    with pytest.raises(ValueError, match="impossible"):
        PairedCounts(*counts)
