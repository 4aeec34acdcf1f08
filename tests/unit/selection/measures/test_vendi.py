import math

import numpy as np
import pytest

from instruction_tuning.selection.measures.vendi import vendi_score


def test_records_that_have_nothing_in_common_count_one_each_and_copies_count_once() -> None:
    assert vendi_score(np.eye(5)) == pytest.approx(5)
    assert vendi_score(np.ones((7, 3))) == pytest.approx(1)
    assert vendi_score(np.repeat(np.eye(3), 4, axis=0)) == pytest.approx(3)
    assert math.isnan(vendi_score(np.empty((0, 3))))


def test_the_value_of_two_records_at_sixty_degrees_is_known() -> None:
    # The eigenvalues of ((1, 1/2), (1/2, 1)) / 2 are 3/4 and 1/4.
    expected = math.exp(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))
    assert vendi_score(np.array([[1.0, 0.0], [0.5, math.sqrt(0.75)]])) == pytest.approx(expected)


def test_the_small_matrix_gives_what_the_large_one_does() -> None:
    points = np.random.default_rng(0).normal(size=(1500, 6)).astype(np.float32)
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    values = np.linalg.eigvalsh(unit.astype(np.float64) @ unit.T.astype(np.float64) / 1500)
    values = values[values > 1e-12]
    assert vendi_score(points) == pytest.approx(math.exp(-(values * np.log(values)).sum()), rel=1e-5)


def test_neither_lengths_nor_the_order_of_the_rows_matter() -> None:
    generator = np.random.default_rng(1)
    points = generator.normal(size=(40, 8))
    longer = points * generator.uniform(0.1, 1e3, (40, 1))
    assert vendi_score(longer[::-1]) == pytest.approx(vendi_score(points))


def test_unequal_groups_count_less_than_equal_ones() -> None:
    points = np.repeat(np.eye(2), [9, 1], axis=0)
    expected = math.exp(-(0.9 * math.log(0.9) + 0.1 * math.log(0.1)))
    assert vendi_score(points) == pytest.approx(expected)


def test_zero_vectors_are_one_direction_of_their_own() -> None:
    points = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    assert vendi_score(points) == pytest.approx(2)
