import numpy as np
import pandas as pd

from instruction_tuning.selection.reasons import decisions_frame, k_center_reasons, uniform_reasons


def pool(*record_ids: str) -> pd.Series:
    return pd.Series(np.nan, index=list(record_ids))


def test_a_k_center_reason_names_the_distance_and_the_nearest_record_picked_before() -> None:
    embeddings = pd.DataFrame([[0.0, 0.0], [3.0, 4.0], [3.0, 3.0]], index=["a", "b", "c"])
    reasons = k_center_reasons(["a", "b", "c"], pool("c", "b", "a"), embeddings, seed=9)
    assert reasons["reason"].tolist() == [
        "k-center pick 1: the first centre, chosen by seed 9",
        "k-center pick 2: distance 5.00 to nearest already selected record a",
        "k-center pick 3: distance 1.00 to nearest already selected record b",
    ]
    np.testing.assert_allclose(reasons["selection_score"], [np.nan, 5, 1])


def test_a_uniform_draw_has_no_score() -> None:
    reasons = uniform_reasons(["a"], pool("c", "b", "a"), None, seed=2)
    decisions = decisions_frame("uniform", reasons, 1)
    assert decisions["reason"].tolist() == [
        "uniform draw 1 of 1 from 3 records (seed 2)",
        *["uniform draw (seed 2): after the 1 of the budget"] * 2,
    ]
    assert decisions["selection_score"].isna().all()
    assert decisions["rank"].isna().tolist() == [False, True, True]


def test_a_record_that_was_left_names_the_nearest_of_all_picks() -> None:
    embeddings = pd.DataFrame([[0.0, 0.0], [3.0, 4.0], [3.0, 3.0]], index=["a", "b", "c"])
    reasons = k_center_reasons(["a", "b"], pool("a", "b", "c"), embeddings, seed=9)
    left = decisions_frame("k_center", reasons, 2).iloc[2]
    assert (left["record_id"], left["decision"], left["nearest_selected"]) == ("c", "not_selected", "b")
    assert left["selection_score"] == 1.0 and pd.isna(left["rank"])


def test_a_copy_of_a_pick_is_at_distance_zero() -> None:
    points = np.random.default_rng(0).normal(size=(4, 384)).astype(np.float32)
    embeddings = pd.DataFrame([*points, points[1]], index=["a", "b", "c", "d", "e"])
    reasons = k_center_reasons(["a", "b"], pool(*embeddings.index), embeddings, seed=9)
    copy = reasons.set_index("record_id").loc["e"]
    assert (copy["nearest_selected"], copy["selection_score"]) == ("b", 0)


def test_without_picks_nothing_is_near() -> None:
    reasons = k_center_reasons([], pool("a"), pd.DataFrame([[0.0]], index=["a"]), seed=9)
    assert reasons[["selection_score", "nearest_selected"]].isna().all(axis=None)
