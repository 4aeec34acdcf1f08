import numpy as np
import pytest

from instruction_tuning.selection.nearest_rows import BLOCK_ROWS, nearest_earlier, nearest_rows


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64])
def test_blocks_change_nothing(kind: type) -> None:
    generator = np.random.default_rng(0)
    points = (100 * generator.normal(size=(2 * BLOCK_ROWS + 7, 3))).astype(kind)
    rows, others = (generator.permutation(len(points))[: BLOCK_ROWS + more] for more in (3, 5))
    exact = ((points[rows][:, None].astype(np.float64) - points[others]) ** 2).sum(axis=2)
    nearest, squared = nearest_rows(points, rows, others)
    np.testing.assert_allclose(squared, exact.min(axis=1), rtol=1e-12)
    np.testing.assert_allclose(
        ((points[rows] - points[nearest].astype(np.float64)) ** 2).sum(axis=1), squared
    )
    assert set(nearest) <= set(others)


def test_a_row_is_not_its_own_neighbour_where_it_is_left_out() -> None:
    points = np.array([[0.0], [1.0], [3.0]])
    rows = np.arange(3)
    assert nearest_rows(points, rows, rows)[1].tolist() == [0, 0, 0]
    nearest, squared = nearest_rows(points, rows, rows, leave_out=np.equal)
    assert nearest.tolist() == [1, 0, 1] and squared.tolist() == [1, 1, 4]


def test_only_earlier_rows_count_across_blocks() -> None:
    points = np.random.default_rng(0).normal(size=(BLOCK_ROWS + 40, 3))
    nearest, squared = nearest_earlier(points)
    assert nearest[0] == -1 and squared[0] == np.inf
    for row in (1, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 39):
        exact = ((points[:row] - points[row]) ** 2).sum(axis=1)
        assert nearest[row] == exact.argmin()
        np.testing.assert_allclose(squared[row], exact.min())


def test_of_equally_near_rows_the_first_is_named() -> None:
    points = np.array([[0.0], [1.0], [-1.0], [1.0]])
    assert nearest_rows(points, np.array([0]), np.array([3, 2, 1]))[0].tolist() == [3]


def test_without_others_nothing_is_near() -> None:
    nearest, squared = nearest_rows(np.ones((2, 3)), np.arange(2), np.arange(0))
    assert nearest.tolist() == [-1, -1] and squared.tolist() == [np.inf, np.inf]


def test_copies_of_long_vectors_are_at_distance_zero() -> None:
    points = (1000 + np.random.default_rng(0).normal(0, 1e-3, (50, 6))).astype(np.float32)
    _, squared = nearest_rows(points, np.arange(50), np.arange(50))
    assert not squared.any()
