import numpy as np
import pandas as pd

from instruction_tuning.selection.reasons import (
    BLOCK_ROWS,
    k_center_reasons,
    nearest_earlier,
    uniform_reasons,
)


def test_a_k_center_reason_names_the_distance_and_the_nearest_record_picked_before() -> None:
    embeddings = pd.DataFrame([[0.0, 0.0], [3.0, 4.0], [3.0, 3.0]], index=["a", "b", "c"])
    reasons = k_center_reasons(["a", "b", "c"], embeddings, seed=9)
    assert reasons["selected_because"].tolist() == [
        "k-center pick 1: the first centre, chosen by seed 9",
        "k-center pick 2: distance 5.00 to nearest already selected record a",
        "k-center pick 3: distance 1.00 to nearest already selected record b",
    ]
    np.testing.assert_allclose(reasons["selection_score"], [np.nan, 5, 1])


def test_a_uniform_draw_has_no_score() -> None:
    reasons = uniform_reasons(["a"], pool_size=7, seed=2)
    assert reasons["selected_because"].tolist() == ["uniform draw 1 of 1 from 7 records (seed 2)"]
    assert reasons["selection_score"].isna().all()


def test_blocks_do_not_change_the_distances() -> None:
    points = np.random.default_rng(0).normal(size=(BLOCK_ROWS + 40, 3))
    nearest, distances = nearest_earlier(points)
    for row in (1, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 39):
        exact = np.linalg.norm(points[:row] - points[row], axis=1)
        assert nearest[row] == exact.argmin()
        np.testing.assert_allclose(distances[row], exact.min(), rtol=1e-6)
