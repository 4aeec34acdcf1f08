import numpy as np
import pytest

from instruction_tuning.statistics.bootstrap import bootstrap_interval


def test_the_estimate_is_the_share_of_all_and_not_the_mean_of_the_clusters() -> None:
    assert bootstrap_interval(np.array([1.0, 0.0]), np.array([3.0, 1.0]), seed=0).estimate == 0.25


def test_many_items_in_few_clusters_are_worth_no_more_than_the_clusters() -> None:
    totals = np.array([1.0, 0.0] * 20)
    alone = bootstrap_interval(totals, np.ones(40), seed=0)
    tenfold = bootstrap_interval(10 * totals, np.full(40, 10.0), seed=0)
    assert (tenfold.low, tenfold.high) == pytest.approx((alone.low, alone.high))
    assert alone.high - alone.low == pytest.approx(2 * 1.96 * 0.5 / np.sqrt(40), rel=0.1)


def test_one_seed_gives_one_interval() -> None:
    totals, sizes = np.arange(9.0), np.full(9, 10.0)
    assert bootstrap_interval(totals, sizes, seed=3) == bootstrap_interval(totals, sizes, seed=3)
