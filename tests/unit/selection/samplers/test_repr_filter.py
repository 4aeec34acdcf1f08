import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.errors import InputError
from instruction_tuning.selection.samplers import repr_filter as module
from instruction_tuning.selection.samplers.repr_filter import repr_filter, repr_filter_reasons

# Small whole numbers: many vectors are parallel, and many cosines are exactly 0.5, 0.6 or 0.8.
Row = tuple[float, int, int, int]
pools = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 4).map(float), st.just(float("nan"))),
        *[st.integers(-4, 4)] * 3,
    ),
    min_size=1,
    max_size=25,
).filter(lambda rows: any(row[0] == row[0] for row in rows))
thresholds = st.sampled_from([-0.5, 0.0, 0.5, 0.6, 0.8, 0.9, 1.0])


def frames(rows: list[Row]) -> tuple[pd.Series, pd.DataFrame]:
    ids = [f"{row:04x}" for row in range(len(rows))]
    vectors = pd.DataFrame([row[1:] for row in rows], index=ids, dtype=np.float32)
    return pd.Series([row[0] for row in rows], index=ids, name="deita_score"), vectors


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    length = np.linalg.norm(one.astype(float)) * np.linalg.norm(other.astype(float))
    return min(float(one.astype(float) @ other.astype(float)) / length, 1.0) if length else 0.0


def brute_force(scores: pd.Series, vectors: pd.DataFrame, budget: int, threshold: float) -> list[str]:
    accepted: list[str] = []
    for record in sorted(scores.dropna().index, key=lambda record: (-scores[record], record)):
        own = vectors.loc[record].to_numpy()
        near = any(cosine(own, vectors.loc[other].to_numpy()) > threshold for other in accepted)
        if not near and len(accepted) < budget:
            accepted.append(record)
    return accepted


@settings(max_examples=40, deadline=None)
@given(pools, st.integers(1, 12), thresholds)
def test_picks_are_those_of_the_definition(rows, budget, threshold) -> None:
    scores, vectors = frames(rows)
    found = repr_filter(scores, vectors, budget, seed=0, threshold=threshold)
    assert found == brute_force(scores, vectors, budget, threshold)


@settings(max_examples=25, deadline=None)
@given(pools, st.integers(1, 30), st.integers(1, 30), thresholds, st.booleans())
def test_every_budget_is_a_prefix(rows, one, other, threshold, fill) -> None:
    scores, vectors = frames(rows)
    small, large = (
        repr_filter(scores, vectors, budget, seed=0, threshold=threshold, fill=fill)
        for budget in sorted((one, other))
    )
    assert large[: len(small)] == small and len(small) == min(len(large), *sorted((one, other))[:1])


@settings(max_examples=25, deadline=None)
@given(pools, st.randoms(use_true_random=False), st.integers(1, 5))
def test_neither_the_order_of_the_rows_nor_the_block_size_matters(rows, random, block_rows) -> None:
    scores, vectors = frames(rows)
    order = list(scores.index)
    random.shuffle(order)
    found = repr_filter(scores, vectors, 10, seed=0, threshold=0.6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_ROWS", block_rows)
        assert repr_filter(scores.loc[order], vectors.loc[order[::-1]], 10, seed=0, threshold=0.6) == found


@settings(max_examples=25, deadline=None)
@given(pools, st.integers(1, 30), thresholds)
def test_fill_takes_the_rest_of_the_scored_records_by_score(rows, budget, threshold) -> None:
    scores, vectors = frames(rows)
    accepted = repr_filter(scores, vectors, budget, seed=0, threshold=threshold)
    filled = repr_filter(scores, vectors, budget, seed=0, threshold=threshold, fill=True)
    assert filled[: len(accepted)] == accepted
    assert len(filled) == min(budget, int(scores.notna().sum()))
    rest = [(-scores[record], record) for record in filled[len(accepted) :]]
    assert rest == sorted(rest)


@settings(max_examples=25, deadline=None)
@given(pools, st.integers(1, 12), thresholds, st.booleans())
def test_every_reason_is_true(rows, budget, threshold, fill) -> None:
    scores, vectors = frames(rows)
    options = {"seed": 0, "threshold": threshold, "fill": fill}
    chosen = repr_filter(scores, vectors, budget, **options)
    accepted = repr_filter(scores, vectors, budget, seed=0, threshold=threshold)
    frame = repr_filter_reasons(chosen, scores, vectors, **options)
    assert frame["record_id"].tolist() == [*chosen, *sorted(set(scores.index) - set(chosen))]
    for row in frame.itertuples():
        if pd.isna(row.nearest_selected):
            cos = None
        else:
            assert row.nearest_selected in accepted
            assert (-scores[row.nearest_selected], row.nearest_selected) < (
                -scores[row.record_id],
                row.record_id,
            )
            cos = cosine(*(vectors.loc[name].to_numpy() for name in (row.record_id, row.nearest_selected)))
            if said := re.search(r"cosine (-?\d\.\d+)", row.reason):
                assert float(said[1]) == pytest.approx(cos, abs=6e-4)
        if pd.isna(scores[row.record_id]):
            assert row.reason == "left: no score"
        elif row.record_id in accepted:
            assert row.reason.startswith("taken: deita_score") and (cos is None or cos <= threshold + 1e-6)
            assert ("cosine" in row.reason) == (cos is not None)
        elif row.record_id in chosen or "budget" not in row.reason:
            assert cos > threshold - 1e-6 and "of a higher score, above" in row.reason
            assert row.reason.startswith("taken to fill" if row.record_id in chosen else "left: cosine")
        else:
            assert len(chosen) == budget and cos <= threshold + 1e-6


def test_a_reason_names_the_record_that_is_too_near_and_the_cosine() -> None:
    rows = [(9.0, 4, 0, 0), (8.0, 4, 1, 0), (7.0, 0, 4, 0), (6.0, 0, 0, 4), (float("nan"), 1, 1, 1)]
    scores, vectors = frames(rows)
    frame = repr_filter_reasons(["0000", "0002"], scores, vectors, seed=0)
    assert frame["reason"].tolist() == [
        "taken: deita_score 9; no record was accepted before it",
        "taken: deita_score 7; cosine 0.000 to 0000, the nearest accepted before it",
        "left: cosine 0.970 to picked 0000 of a higher score, above 0.9; deita_score 8",
        "left: deita_score 6; the budget of 2 was met before its turn",
        "left: no score",
    ]
    filled = repr_filter(scores, vectors, 4, seed=0, fill=True)
    assert filled == ["0000", "0002", "0003", "0001"]
    last = repr_filter_reasons(filled, scores, vectors, seed=0, fill=True).iloc[3]
    assert last["reason"] == (
        "taken to fill the budget: cosine 0.970 to picked 0000 of a higher score, above 0.9; deita_score 8"
    )


def test_a_cosine_at_the_threshold_is_not_above_it_however_large_the_vectors() -> None:
    for scale in (1, 3, 2.0**-12, 2.0**16, 2.0**-600, 2.0**700):
        vectors = pd.DataFrame(np.array([[3, 4], [0, 1]]) * scale, index=["a", "b"])
        scores = pd.Series([2.0, 1.0], index=["a", "b"])
        assert repr_filter(scores, vectors, 2, seed=0, threshold=0.8) == ["a", "b"]
        assert repr_filter(scores, vectors, 2, seed=0, threshold=np.nextafter(0.8, 0)) == ["a"]


def test_a_large_pool_is_filtered_as_one_pair_after_the_other() -> None:
    generator = np.random.default_rng(3)
    centres = generator.normal(size=(150, 12))
    points = centres[generator.integers(0, 150, 1_300)] + generator.normal(0, 0.25, (1_300, 12))
    ids = [f"{row:05d}" for row in range(1_300)]
    vectors = pd.DataFrame(points.astype(np.float32), index=ids)
    scores = pd.Series(generator.normal(size=1_300).round(2), index=ids)
    units = points.astype(np.float32).astype(float)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    accepted: list[int] = []
    for row in sorted(range(1_300), key=lambda row: (-scores.iloc[row], row)):
        if not accepted or (units[accepted] @ units[row]).max() <= 0.9:
            accepted.append(row)
    assert 150 < len(accepted) < 1_000
    assert repr_filter(scores, vectors, 1_300, seed=0) == [ids[row] for row in accepted]


def test_zero_vectors_are_near_nothing() -> None:
    scores, vectors = frames([(3.0, 0, 0, 0), (2.0, 0, 0, 0), (1.0, 1, 0, 0)])
    assert repr_filter(scores, vectors, 3, seed=0) == ["0000", "0001", "0002"]


def test_a_threshold_of_one_filters_nothing() -> None:
    scores, vectors = frames([(3.0, 1, 1, 0), (2.0, 1, 1, 0), (1.0, 3, 3, 0)])
    assert repr_filter(scores, vectors, 3, seed=0, threshold=1.0) == ["0000", "0001", "0002"]


def test_missing_and_unreadable_inputs_are_named() -> None:
    scores, vectors = frames([(3.0, 1, 1, 0), (2.0, 1, 1, 0)])
    with pytest.raises(InputError, match=r"no embedding.*record zz"):
        repr_filter(pd.Series([1.0], index=["zz"]), vectors, 1, seed=0)
    with pytest.raises(InputError, match="embeddings, and there are none"):
        repr_filter(scores, None, 1, seed=0)
    with pytest.raises(InputError, match="infinite"):
        repr_filter(scores * np.inf, vectors, 1, seed=0)
    with pytest.raises(InputError, match=r"NaN.*record 0001"):
        repr_filter(scores, vectors.mask(vectors.index.to_series() == "0001"), 1, seed=0)
