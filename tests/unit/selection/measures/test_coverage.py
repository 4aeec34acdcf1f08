import math

import numpy as np
import pandas as pd
import pytest

from instruction_tuning.errors import InputError
from instruction_tuning.selection.measures.coverage import Coverage, coverage, median_neighbour_distance


def line(*places: float) -> pd.DataFrame:
    return pd.DataFrame({"e000": places}, index=[f"{row:04x}" for row in range(len(places))])


def test_distances_are_to_the_nearest_selected_record() -> None:
    measured = coverage(line(0, 1, 3, 10), ["0000", "0003"], radius=1.0)
    assert measured == Coverage(covered_rate=0.75, mean_distance=1.0, largest_distance=3.0)


def test_a_whole_pool_covers_itself_at_distance_zero() -> None:
    points = pd.DataFrame(1000 + np.random.default_rng(0).normal(0, 1e-3, (50, 6)).astype(np.float32))
    assert coverage(points, list(points.index), radius=0.0) == Coverage(1.0, 0.0, 0.0)


def test_half_of_the_pool_has_a_neighbour_within_the_median() -> None:
    assert median_neighbour_distance(line(0, 1, 3, 6, 10), seed=0) == 2
    assert median_neighbour_distance(line(4, 4, 4, 9), seed=0) == 0
    assert math.isnan(median_neighbour_distance(line(4), seed=0))


def test_the_sample_is_drawn_by_the_seed_and_not_by_the_order_of_the_rows() -> None:
    pool = line(*np.random.default_rng(0).normal(size=300))
    drawn = {median_neighbour_distance(pool, seed=seed, sample=9) for seed in range(5)}
    assert len(drawn) > 1
    shuffled = pool.sample(frac=1, random_state=3)
    assert median_neighbour_distance(shuffled, seed=1, sample=9) == median_neighbour_distance(
        pool, seed=1, sample=9
    )


def test_a_record_from_elsewhere_is_named_and_an_empty_selection_refused() -> None:
    with pytest.raises(InputError, match=r"not in the pool.*record zz"):
        coverage(line(0, 1), ["0000", "zz"], radius=1.0)
    with pytest.raises(InputError, match="nothing was selected"):
        coverage(line(0, 1), [], radius=1.0)
