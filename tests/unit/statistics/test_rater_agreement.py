import numpy as np
import pytest

from instruction_tuning.statistics.rater_agreement import cohen_kappa, krippendorff_alpha

# Krippendorff 2011, "Computing Krippendorff's alpha-reliability", example C: four observers, twelve units,
# missing values (0 here); it gives 0.743 (nominal) and 0.849 (interval).
OBSERVERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3),
    (0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0),
)
UNITS = [[row[unit] for row in OBSERVERS if row[unit]] for unit in range(12)]
# The same paper, example A: two observers, ten units, two values; alpha is 0.095.
BINARY = list(zip("0100000010", "1110010000", strict=True))
# Two readers of 50 grant proposals: both yes 20, both no 15, and 5 and 10 between (Cohen's kappa is 0.4).
READERS = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15


def test_alpha_is_that_of_the_published_examples():
    assert krippendorff_alpha(UNITS, level="nominal", seed=0).estimate == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha(UNITS, level="interval", seed=0).estimate == pytest.approx(0.849, abs=5e-4)
    assert krippendorff_alpha(BINARY, level="nominal", seed=0).estimate == pytest.approx(0.095, abs=5e-4)


def test_kappa_is_that_of_the_textbook_and_of_scikit_learn():
    from sklearn.metrics import cohen_kappa_score

    assert cohen_kappa(READERS, seed=0).estimate == pytest.approx(0.4)
    random = np.random.default_rng(0)
    pairs = [(int(a), int(b)) for a, b in random.integers(0, 4, size=(60, 2))]
    expected = cohen_kappa_score(*zip(*pairs, strict=True))
    assert cohen_kappa(pairs, seed=0).estimate == pytest.approx(expected)


def test_limits_hold_the_estimate_and_narrow_with_more_items():
    narrow, wide = (cohen_kappa(READERS * times, seed=1) for times in (8, 1))
    for interval in (narrow, wide):
        assert interval.low < interval.estimate < interval.high
    assert narrow.high - narrow.low < (wide.high - wide.low) / 2


def test_nothing_is_said_where_there_is_no_variation_or_no_second_rater():
    assert krippendorff_alpha([["a", "a"], ["a", "a"]], level="nominal", seed=0) is None
    assert krippendorff_alpha([["a"], ["b"]], level="nominal", seed=0) is None
    assert cohen_kappa([("a", "a")] * 3, seed=0) is None
    assert cohen_kappa([], seed=0) is None


def test_marks_that_are_nearly_alike_agree_more_on_an_interval_scale_than_as_names():
    items = [[1, 2], [5, 6], [9, 10], [3, 3], [7, 8]]
    nominal, interval = (krippendorff_alpha(items, level=level, seed=0) for level in ("nominal", "interval"))
    assert interval.estimate > 0.9 > nominal.estimate
