import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.errors import InputError
from instruction_tuning.selection.samplers.k_center_greedy import k_center_greedy

# Whole numbers, so that distances are exact and ties are ties.
pools = st.lists(
    st.tuples(st.integers(-4, 4), st.integers(-4, 4), st.integers(-4, 4)), min_size=1, max_size=25
)


def frame(points: list[tuple[int, ...]]) -> pd.DataFrame:
    return pd.DataFrame(points, index=[f"{row:04x}" for row in range(len(points))], dtype=np.float32)


def picks(embeddings: pd.DataFrame, budget: int, seed: int = 0) -> list[str]:
    return k_center_greedy(pd.Series(np.nan, index=embeddings.index), embeddings, budget, seed=seed)


def in_float64(points: np.ndarray, first: int, budget: int) -> list[int]:
    """The definition on more rows: one pass over all of them a pick."""
    exact = points.astype(np.float64)
    nearest = ((exact - exact[first]) ** 2).sum(axis=1)
    chosen = [first]
    while len(chosen) < min(budget, len(points)):
        nearest[chosen] = -1.0
        farthest = nearest.max()
        chosen.append(int(np.argmax(nearest >= farthest - 1e-12 * abs(farthest))))
        nearest = np.minimum(nearest, ((exact - exact[chosen[-1]]) ** 2).sum(axis=1))
    return chosen


def brute_force(embeddings: pd.DataFrame, first: str, budget: int) -> list[str]:
    chosen = [first]
    while len(chosen) < min(budget, len(embeddings)):
        rest = sorted(set(embeddings.index) - set(chosen))
        nearest = [
            min(float(((embeddings.loc[name] - embeddings.loc[other]) ** 2).sum()) for other in chosen)
            for name in rest
        ]
        chosen.append(rest[nearest.index(max(nearest))])
    return chosen


@settings(max_examples=40, deadline=None)
@given(pools, st.integers(1, 8), st.integers(0, 5))
def test_picks_are_those_of_the_definition(points: list[tuple[int, ...]], budget: int, seed: int) -> None:
    chosen = picks(frame(points), budget, seed)
    assert chosen == brute_force(frame(points), chosen[0], budget)


@settings(max_examples=60, deadline=None)
@given(pools, st.integers(1, 30), st.integers(1, 30))
def test_every_budget_is_a_prefix(points: list[tuple[int, ...]], one: int, other: int) -> None:
    small, large = sorted((one, other))
    assert picks(frame(points), large)[:small] == picks(frame(points), small)


@settings(max_examples=60, deadline=None)
@given(pools, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(points: list[tuple[int, ...]], random: object) -> None:
    embeddings = frame(points)
    order = list(embeddings.index)
    random.shuffle(order)  # type: ignore[attr-defined]
    assert picks(embeddings.loc[order], 10) == picks(embeddings, 10)


@settings(max_examples=30, deadline=None)
@given(pools)
def test_no_record_is_picked_twice_even_among_identical_ones(points: list[tuple[int, ...]]) -> None:
    embeddings = frame(points * 2)
    assert sorted(picks(embeddings, len(embeddings))) == list(embeddings.index)


def test_ties_go_to_the_smaller_record_id() -> None:
    embeddings = pd.DataFrame([[0.0], [1.0], [-1.0]], index=["m", "b", "a"])
    seed = next(seed for seed in range(99) if picks(embeddings, 1, seed) == ["m"])
    assert picks(embeddings, 2, seed) == ["m", "a"]


def test_the_covering_radius_is_at_most_twice_the_best() -> None:
    points = np.concatenate([np.random.default_rng(7).normal(centre, 0.1, (30, 2)) for centre in (0, 5, 10)])
    embeddings = pd.DataFrame(points, index=[f"{row:04x}" for row in range(90)])
    centres = embeddings.loc[picks(embeddings, 3)].to_numpy()
    radius = np.linalg.norm(points[:, None] - centres[None], axis=2).min(axis=1).max()
    assert radius < 1.5  # one centre in each cluster


def test_near_identical_long_vectors_do_not_become_nan() -> None:
    generator = np.random.default_rng(0)
    points = (1000 + generator.normal(0, 1e-4, (50, 8))).astype(np.float32)
    embeddings = pd.DataFrame(points, index=[f"{row:04x}" for row in range(50)])
    assert len(set(picks(embeddings, 50))) == 50


def test_embeddings_are_joined_by_id_not_by_position() -> None:
    embeddings = frame([(0, 0, 0), (1, 0, 0), (9, 9, 9), (0, 1, 0)])
    scores = pd.Series(np.nan, index=list(embeddings.index)[::-1])
    assert k_center_greedy(scores, embeddings, 2, seed=0) == picks(embeddings, 2)


def test_a_record_without_embedding_is_named() -> None:
    with pytest.raises(InputError, match=r"no embedding.*record zz"):
        k_center_greedy(pd.Series(np.nan, index=["0000", "zz"]), frame([(0, 0, 0)]), 1, seed=0)


def test_a_nan_embedding_is_named() -> None:
    embeddings = frame([(0, 0, 0), (1, 1, 1)])
    embeddings.loc["0001", 0] = np.nan
    with pytest.raises(InputError, match=r"NaN.*record 0001"):
        picks(embeddings, 1)


def hard_pools() -> dict[str, np.ndarray]:
    """Pools larger than the front, each with something that float32 products cannot tell apart."""
    generator = np.random.default_rng(3)
    spread = generator.normal(size=(1200, 16))
    return {
        "spread": spread,
        "far from the origin": 1000 + 0.01 * spread,
        "each row five times": np.repeat(spread[:240], 5, axis=0)[generator.permutation(1200)],
        "half of them zero": np.where(generator.random((1200, 1)) < 0.5, 0.0, spread),
        "on a lattice": generator.integers(-1, 2, size=(1200, 10)).astype(float),
        "from twenty templates": spread[generator.integers(0, 20, 1200)] + 0.001 * spread,
        "of all sizes": spread * 10.0 ** generator.integers(-6, 6, size=(1200, 1)),
        "too small to be squared": 1e-22 * spread,
        "too large to be squared": 1e25 * spread,
    }


@pytest.mark.parametrize("name", hard_pools())
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_picks_are_those_of_exact_distances(name: str, kind: type) -> None:
    points = hard_pools()[name].astype(kind)
    embeddings = pd.DataFrame(points, index=[f"{row:04x}" for row in range(len(points))])
    chosen = [int(record, 16) for record in picks(embeddings, 500)]
    assert chosen == in_float64(points, chosen[0], 500)


def test_float64_too_large_to_be_squared_is_scaled() -> None:
    points = hard_pools()["spread"]
    embeddings = pd.DataFrame(points, index=[f"{row:04x}" for row in range(len(points))])
    assert picks(embeddings * 2.0**600, 50) == picks(embeddings, 50)


@pytest.mark.parametrize("name", ["each row five times", "from twenty templates"])
def test_neither_memory_layout_nor_row_order_changes_a_pick(name: str) -> None:
    points = hard_pools()[name].astype(np.float32)
    embeddings = pd.DataFrame(points, index=[f"{row:04x}" for row in range(len(points))])
    expected = picks(embeddings, 400)
    column_by_column = pd.DataFrame(dict(enumerate(points.T)), index=embeddings.index)
    shuffled = embeddings.sample(frac=1, random_state=1)
    assert picks(column_by_column, 400) == expected
    assert picks(shuffled, 400) == expected


@settings(max_examples=20, deadline=None)
@given(pools, st.integers(1, 8), st.integers(1, 8))
def test_going_on_from_an_initial_set_is_the_same_as_never_having_stopped(
    points: list[tuple[int, ...]], one: int, other: int
) -> None:
    embeddings = frame(points)
    scores = pd.Series(np.nan, index=embeddings.index)
    begun = picks(embeddings, one)
    went_on = k_center_greedy(scores, embeddings, other, seed=0, initial=begun)
    assert begun + went_on == picks(embeddings, one + other)


def test_the_initial_set_need_not_be_in_the_pool() -> None:
    embeddings = pd.DataFrame([[0.0], [5.0], [7.0], [9.0]], index=["a", "b", "c", "d"])
    pool = pd.Series(np.nan, index=["a", "b", "c"])
    for seed in range(5):
        assert k_center_greedy(pool, embeddings, 9, seed=seed, initial=["d"]) == ["a", "b", "c"]
    assert k_center_greedy(pool, embeddings, 9, seed=0, initial=["c", "c", "a"]) == ["b"]
    assert k_center_greedy(pool, embeddings, 9, seed=0, initial=["a", "b", "c"]) == []


def test_a_small_pool_among_many_embeddings_is_picked_as_if_alone() -> None:
    embeddings = frame([(row % 7, row % 5, row % 3) for row in range(60)])
    part = pd.Series(np.nan, index=embeddings.index[10:30])
    assert k_center_greedy(part, embeddings, 6, seed=1) == picks(embeddings.loc[part.index], 6, seed=1)


def test_a_record_of_the_initial_set_without_embedding_is_named() -> None:
    embeddings = frame([(0, 0, 0), (1, 1, 1)])
    with pytest.raises(InputError, match=r"initial set have no embedding.*record zz"):
        k_center_greedy(
            pd.Series(np.nan, index=embeddings.index), embeddings, 1, seed=0, initial=["0000", "zz"]
        )
