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
