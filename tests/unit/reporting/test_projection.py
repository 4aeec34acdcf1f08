import numpy as np
import pytest

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.reporting.projection import MOST_TSNE_POINTS, main_axes, projected


def groups(size: int = 20, dimensions: int = 6) -> np.ndarray:
    """Two groups that lie apart in one direction of many."""
    points = np.random.default_rng(0).normal(0, 0.1, (2 * size, dimensions))
    points[:size, 3] += 2.0
    return points


def test_the_first_axis_is_that_of_the_largest_variance() -> None:
    places = main_axes(groups())
    assert abs(places[:20, 0].mean() - places[20:, 0].mean()) == pytest.approx(2.0, abs=0.2)
    assert places[:, 0].var() > places[:, 1].var()


def test_a_point_has_its_place_whichever_others_are_drawn() -> None:
    vectors = groups()
    all_of_them = projected(vectors, np.arange(40), projection="pca", seed=0)
    some = projected(vectors, np.array([5, 30]), projection="pca", seed=0)
    np.testing.assert_array_equal(some, all_of_them[[5, 30]])


@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (4, 1)])
def test_what_has_no_two_axes_lies_at_the_origin(shape: tuple[int, int]) -> None:
    assert not projected(np.ones(shape), np.arange(shape[0]), projection="pca", seed=0).any()


def test_tsne_keeps_groups_apart_and_one_seed_gives_one_map() -> None:
    vectors, rows = groups(), np.arange(40)
    places = projected(vectors, rows, projection="tsne", seed=3)
    np.testing.assert_array_equal(places, projected(vectors, rows, projection="tsne", seed=3))
    within = np.linalg.norm(places[:20] - places[:20].mean(axis=0), axis=1).max()
    assert np.linalg.norm(places[:20].mean(axis=0) - places[20:].mean(axis=0)) > within


def test_too_many_points_for_tsne_are_refused_before_they_are_tried() -> None:
    vectors = np.zeros((MOST_TSNE_POINTS + 1, 2))
    with pytest.raises(ConfigurationError, match="t-SNE of 5,001 points"):
        projected(vectors, np.arange(len(vectors)), projection="tsne", seed=0)
