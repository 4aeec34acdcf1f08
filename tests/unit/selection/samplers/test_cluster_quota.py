from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sampler_claims import assert_the_order_of_the_rows_does_not_matter

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.selection.samplers.cluster_quota import cluster_quota, cluster_quota_reasons

pools = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 3).map(float), st.just(float("nan"))),
        st.integers(-9, 9),
        st.integers(-9, 9),
    ),
    min_size=1,
    max_size=25,
).filter(lambda rows: any(row[0] == row[0] for row in rows))
quotas = st.sampled_from(["proportional", "sqrt", "equal"])
orders = st.sampled_from(["score", "nearest_centre", "seeded"])


def frames(rows: list[tuple[float, int, int]]) -> tuple[pd.Series, pd.DataFrame]:
    ids = [f"{row:04x}" for row in range(len(rows))]
    vectors = pd.DataFrame([row[1:] for row in rows], index=ids, dtype=np.float32)
    return pd.Series([row[0] for row in rows], index=ids, name="quality_score"), vectors


def islands(*sizes: int) -> tuple[pd.Series, pd.DataFrame]:
    """Groups of records far from each other; the name of a record begins with the letter of its group."""
    generator = np.random.default_rng(0)
    ids, points = [], []
    for number, size in enumerate(sizes):
        ids += [f"{'abcdef'[number]}{row:04d}" for row in range(size)]
        points.append(generator.normal(0, 0.1, (size, 4)) + 50 * np.eye(4)[number])
    vectors = pd.DataFrame(np.concatenate(points), index=ids)
    return pd.Series(generator.permutation(len(ids)).astype(float), index=ids, name="quality_score"), vectors


def letters(records: list[str]) -> dict[str, int]:
    return dict(Counter(record[0] for record in records))


@settings(max_examples=12, deadline=None)
@given(pools, st.integers(1, 30), st.integers(1, 30), quotas, orders)
def test_every_budget_is_a_prefix_and_all_that_can_be_picked_is(rows, one, other, quota, within) -> None:
    scores, vectors = frames(rows)
    small, large = (
        cluster_quota(scores, vectors, budget, seed=1, clusters=4, quota=quota, within=within)
        for budget in sorted((one, other))
    )
    assert large[: len(small)] == small
    can_be_picked = int(scores.notna().sum()) if within == "score" else len(scores)
    assert len(set(large)) == len(large) == min(max(one, other), can_be_picked)


@settings(max_examples=12, deadline=None)
@given(pools, st.randoms(use_true_random=False), quotas, orders)
def test_the_order_of_the_rows_does_not_matter(rows, random, quota, within) -> None:
    how = {"seed": 2, "clusters": 3, "quota": quota, "within": within}
    assert_the_order_of_the_rows_does_not_matter(
        cluster_quota, cluster_quota_reasons, *frames(rows), 9, random, **how
    )


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("proportional", {"a": 32, "b": 6, "c": 2}),
        # Square roots of 640, 120 and 40 are 25.3, 11.0 and 6.3.
        ("sqrt", {"a": 24, "b": 10, "c": 6}),
        ("equal", {"a": 14, "b": 13, "c": 13}),
    ],
)
def test_clusters_get_their_shares(quota, expected) -> None:
    scores, vectors = islands(640, 120, 40)
    chosen = cluster_quota(scores, vectors, 40, seed=0, clusters=3, quota=quota)
    assert letters(chosen) == expected


def test_an_equal_quota_goes_round_the_clusters_and_the_best_record_comes_first() -> None:
    scores, vectors = islands(30, 30, 30)
    chosen = cluster_quota(scores, vectors, 30, seed=0, clusters=3)
    for start in range(0, 30, 3):
        turn = chosen[start : start + 3]
        assert set(letters(turn)) == set("abc")
        assert scores[turn].is_monotonic_decreasing


def test_an_empty_cluster_leaves_its_share_to_the_others() -> None:
    scores, vectors = islands(50, 50, 2)
    assert letters(cluster_quota(scores, vectors, 42, seed=0, clusters=3)) == {"a": 20, "b": 20, "c": 2}


def test_within_a_cluster_the_best_scores_are_taken_and_none_without() -> None:
    scores, vectors = islands(20, 20)
    scores["a0003"] = np.nan
    chosen = cluster_quota(scores, vectors, 39, seed=0, clusters=2)
    assert "a0003" not in chosen and len(chosen) == 39
    for letter in "ab":
        of_cluster = scores[[record for record in chosen if record[0] == letter]]
        assert of_cluster.is_monotonic_decreasing


def test_equal_scores_give_what_is_nearest_to_the_centre() -> None:
    scores, vectors = islands(31, 31)
    by_equal_scores = cluster_quota(scores * 0, vectors, 20, seed=0, clusters=2)
    nearest = cluster_quota(scores * np.nan, vectors, 20, seed=0, clusters=2, within="nearest_centre")
    assert by_equal_scores == nearest
    chosen = [record for record in nearest if record[0] == "a"]
    group = vectors[vectors.index.str.startswith("a")]
    distances = np.linalg.norm(group - group.mean(), axis=1)
    # Mini-batches put the centre near the mean, not on it.
    assert pd.Series(distances, group.index)[chosen].mean() < np.median(distances)


def test_the_seed_draws_within_a_cluster_where_it_is_asked_to() -> None:
    scores, vectors = islands(40, 40)
    draws = {tuple(cluster_quota(scores, vectors, 6, seed=s, clusters=2, within="seeded")) for s in range(6)}
    assert len(draws) == 6
    assert all(letters(list(draw)) == {"a": 3, "b": 3} for draw in draws)


def test_more_clusters_than_different_records_are_as_many_as_there_are() -> None:
    scores, vectors = frames([(1.0, 0, 0), (2.0, 0, 0), (3.0, 5, 5)])
    assert cluster_quota(scores, vectors, 3, seed=0, clusters=10) == ["0002", "0001", "0000"]


def test_a_pool_without_embeddings_scores_or_clusters_is_refused() -> None:
    scores, vectors = frames([(1.0, 0, 0), (2.0, 1, 0)])
    with pytest.raises(InputError, match="embeddings"):
        cluster_quota(scores, None, 1, seed=0)
    with pytest.raises(InputError, match="none of the 2 records has a quality_score"):
        cluster_quota(scores * np.nan, vectors, 1, seed=0)
    with pytest.raises(ConfigurationError, match="clusters"):
        cluster_quota(scores, vectors, 1, seed=0, clusters=0)


@pytest.mark.parametrize("setting", ["quota", "within"])
def test_a_setting_that_there_is_not_is_refused(setting: str) -> None:
    with pytest.raises(ConfigurationError, match=f"no {setting} 'centre'"):
        cluster_quota(*frames([(1.0, 0, 0)]), 1, seed=0, **{setting: "centre"})


def test_a_reason_names_the_cluster_by_its_most_central_record() -> None:
    scores, vectors = frames([(2.0, 0, 0), (1.0, 0, 0), (5.0, 9, 9), (float("nan"), 9, 9)])
    chosen = cluster_quota(scores, vectors, 2, seed=0, clusters=2, quota="proportional")
    reasons = cluster_quota_reasons(chosen, scores, vectors, seed=0, clusters=2, quota="proportional")
    assert reasons["record_id"].tolist() == ["0000", "0002", "0001", "0003"]
    assert reasons["reason"].tolist() == [
        "taken: quality_score 2, pick 1 of 1 in the cluster around 0000 (proportional share 66.7%)",
        "taken: quality_score 5, pick 1 of 1 in the cluster around 0002 (proportional share 33.3%)",
        "left: quality_score 1, place 2 of 2 in the cluster around 0000 (proportional share 66.7%), "
        "which gave 1",
        "left: no score",
    ]
    np.testing.assert_array_equal(reasons["selection_score"], [2, 5, 1, np.nan])


def test_without_scores_a_reason_names_the_distance_to_the_centre_or_the_draw() -> None:
    scores, vectors = frames([(0.0, 0, 0), (0.0, 0, 0), (0.0, 3, 4)])
    how = {"seed": 4, "clusters": 1, "within": "nearest_centre"}
    reasons = cluster_quota_reasons(cluster_quota(scores, vectors, 1, **how), scores, vectors, **how)
    distance = reasons["selection_score"].iloc[0]
    assert reasons["reason"].iloc[0] == (
        f"taken: distance {distance:.2f} to the centre, pick 1 of 1 in the cluster around 0000 "
        "(equal share 100.0%)"
    )
    how["within"] = "seeded"
    reasons = cluster_quota_reasons(cluster_quota(scores, vectors, 1, **how), scores, vectors, **how)
    assert reasons["reason"].iloc[0].startswith("taken: drawn by seed 4, pick 1 of 1")
    assert reasons["selection_score"].isna().all()
