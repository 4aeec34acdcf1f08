import numpy as np
import pytest

from instruction_tuning.reporting.projection import main_axes


def groups(size: int = 20, dimensions: int = 6) -> np.ndarray:
    """Two groups that lie apart in one direction of many."""
    points = np.random.default_rng(0).normal(0, 0.1, (2 * size, dimensions))
    points[:size, 3] += 2.0
    return points


def test_the_first_axis_is_that_of_the_largest_variance() -> None:
    places = main_axes(groups())
    assert abs(places[:20, 0].mean() - places[20:, 0].mean()) == pytest.approx(2.0, abs=0.2)
    assert places[:, 0].var() > places[:, 1].var()


@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (4, 1)])
def test_what_has_no_two_axes_lies_at_the_origin(shape: tuple[int, int]) -> None:
    assert not main_axes(np.ones(shape)).any()
