import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.selection import greedy_locations
from instruction_tuning.selection.samplers.facility_location import (
    facility_location,
    facility_location_reasons,
)

# Small whole numbers: many vectors are parallel or zero, and many sums of cosines are equal.
Point = tuple[int, int, int]
pools = st.lists(st.tuples(*[st.integers(-2, 2)] * 3), min_size=1, max_size=20)


def frame(points: list[Point] | np.ndarray) -> pd.DataFrame:
    rows = np.array(points, dtype=np.float32)
    return pd.DataFrame(rows, index=[f"{row:04x}" for row in range(len(rows))])


def picks(vectors: pd.DataFrame, budget: int, **how: int) -> list[str]:
    scores = pd.Series(np.nan, index=vectors.index)
    return facility_location(scores, vectors, budget, **{"seed": 0, **how})


def cosines(vectors: pd.DataFrame) -> np.ndarray:
    rows = vectors.to_numpy(dtype=np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32).astype(np.float64)
    return unit @ unit.T


def brute_force(vectors: pd.DataFrame, budget: int) -> list[str]:
    """The definition on the whole matrix; of sums that differ by rounding only, the smaller record id."""
    matrix = cosines(vectors)
    nearest, chosen = np.full(len(vectors), -2.0), []
    for _ in range(min(budget, len(vectors))):
        gains = np.maximum(matrix - nearest[:, None], 0).sum(axis=0)
        gains[chosen] = -1
        chosen.append(int(np.argmax(gains >= gains.max() - 1e-12 * len(vectors))))
        nearest = np.maximum(nearest, matrix[:, chosen[-1]])
    return [vectors.index[row] for row in chosen]


@settings(max_examples=40, deadline=None)
@given(pools, st.integers(1, 12))
def test_picks_are_those_of_the_definition(points, budget) -> None:
    assert picks(frame(points), budget) == brute_force(frame(points), budget)


def large_pools() -> dict[str, np.ndarray]:
    """Pools larger than a first look, each with something that float32 sums cannot tell apart."""
    generator = np.random.default_rng(5)
    spread = generator.normal(size=(400, 12))
    return {
        "spread": spread,
        "each row five times": np.repeat(spread[:80], 5, axis=0)[generator.permutation(400)],
        "half of them zero": np.where(generator.random((400, 1)) < 0.5, 0.0, spread),
        "from ten templates": spread[generator.integers(0, 10, 400)] + 0.001 * spread,
        "on a lattice": generator.integers(-1, 2, (400, 4)).astype(float),
    }


@pytest.mark.parametrize("name", large_pools())
def test_neither_blocks_nor_looking_at_few_candidates_change_a_pick(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(greedy_locations, "BLOCK_ROWS", 64)
    vectors = frame(large_pools()[name])
    assert picks(vectors, 400)[:120] == picks(vectors, 120) == brute_force(vectors, 120)


@settings(max_examples=20, deadline=None)
@given(pools, st.randoms(use_true_random=False), st.sampled_from([None, 1, 3]))
def test_the_order_of_the_rows_does_not_matter(points, random, candidates) -> None:
    vectors = frame(points)
    order = list(vectors.index)
    random.shuffle(order)
    assert picks(vectors.loc[order], 10, candidates=candidates) == picks(vectors, 10, candidates=candidates)


@settings(max_examples=20, deadline=None)
@given(pools, st.integers(1, 25), st.integers(1, 25), st.sampled_from([1, 2, 5]))
def test_every_budget_is_a_prefix_with_drawn_candidates_too(points, one, other, candidates) -> None:
    vectors = frame(points)
    small, large = (picks(vectors, budget, candidates=candidates) for budget in sorted((one, other)))
    assert large[: len(small)] == small
    assert len(set(large)) == len(large) == min(max(one, other), len(points))


def test_as_many_candidates_as_records_are_all_of_them() -> None:
    vectors = frame(large_pools()["spread"][:60])
    assert picks(vectors, 20, candidates=60, seed=3) == picks(vectors, 20)


def test_the_seed_draws_the_candidates_and_nothing_else() -> None:
    vectors = frame(large_pools()["spread"])
    assert picks(vectors, 9, seed=1) == picks(vectors, 9, seed=2)
    assert picks(vectors, 9, seed=1, candidates=20) != picks(vectors, 9, seed=2, candidates=20)
    assert picks(vectors, 9, seed=1, candidates=20) == picks(vectors, 9, seed=1, candidates=20)


def test_drawn_candidates_reach_most_of_what_all_reach() -> None:
    vectors = frame(large_pools()["spread"])
    matrix = cosines(vectors)

    def reached(chosen: list[str]) -> float:
        return matrix[:, vectors.index.get_indexer(chosen)].max(axis=1).sum()

    drawn = picks(vectors, 50, candidates=math.ceil(400 / 50 * math.log(1 / 0.1)))
    assert reached(drawn) > 0.95 * reached(picks(vectors, 50)) > 0.95 * reached(list(vectors.index[:50]))


def test_the_first_pick_of_each_group_stands_for_it() -> None:
    generator = np.random.default_rng(0)
    groups = np.concatenate([generator.normal(centre, 0.1, (20, 3)) for centre in np.eye(3) * 5])
    assert {int(record, 16) // 20 for record in picks(frame(groups), 3)} == {0, 1, 2}


def test_lengths_do_not_matter_only_directions() -> None:
    vectors = frame([(1, 2, 2), (2, -1, 0), (-1, 0, 2), (2, 2, 1)])
    longer = vectors.mul([1000, 1e-3, 1, 7], axis=0)
    assert picks(longer, 4) == picks(vectors, 4)


def test_a_pool_without_embeddings_or_without_candidates_is_refused() -> None:
    with pytest.raises(InputError, match="embeddings"):
        facility_location(pd.Series([1.0], index=["a"]), None, 1, seed=0)
    with pytest.raises(ConfigurationError, match="candidates"):
        picks(frame([(1, 0, 0)]), 1, candidates=0)


def test_a_reason_says_what_a_pick_brought_and_who_stands_for_whom() -> None:
    vectors = frame([(1, 0, 0), (1, 0, 0), (0, 1, 0), (4, 3, 0)])
    scores = pd.Series(0.0, index=vectors.index)
    reasons = facility_location_reasons(["0003", "0002"], scores, vectors, seed=0)
    assert reasons["record_id"].tolist() == ["0003", "0002", "0000", "0001"]
    assert reasons["reason"].tolist() == [
        "facility location pick 1: mean cosine 0.800 with the pool; stands for 3 records",
        "facility location pick 2: raises the pool's mean cosine to its nearest pick from 0.800 to 0.900; "
        "stands for 1 records",
        "left: cosine 0.80 to picked 0003, which stands for it",
        "left: cosine 0.80 to picked 0003, which stands for it",
    ]
    np.testing.assert_allclose(reasons["selection_score"], [3.2, 0.4, np.nan, np.nan], rtol=1e-6)
    assert reasons["nearest_selected"].fillna("").tolist() == ["", "0003", "0003", "0003"]


def test_the_scores_of_the_picks_add_up_to_the_sum_of_cosines() -> None:
    vectors = frame(large_pools()["spread"])
    chosen = picks(vectors, 40, candidates=30)
    scores = pd.Series(0.0, index=vectors.index)
    reasons = facility_location_reasons(chosen, scores, vectors, seed=0, candidates=30)
    reached = cosines(vectors)[:, vectors.index.get_indexer(chosen)].max(axis=1).sum()
    assert reasons["selection_score"].sum() == pytest.approx(reached, rel=1e-5)
    assert (
        reasons["reason"]
        .iloc[1]
        .startswith("facility location pick 2, the best of 30 drawn by seed 0: raises")
    )
