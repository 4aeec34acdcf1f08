import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.selection.samplers.top_score import top_score, top_score_reasons

pools = st.lists(st.one_of(st.integers(-3, 3).map(float), st.just(float("nan"))), min_size=1, max_size=20)


def scores_of(values: list[float]) -> pd.Series:
    return pd.Series(values, index=[f"{row:04x}" for row in range(len(values))], name="quality_score")


def picks(scores: pd.Series, budget: int) -> list[str]:
    return top_score(scores, None, budget, seed=0)


@settings(max_examples=25, deadline=None)
@given(pools.filter(lambda values: not all(map(np.isnan, values))), st.integers(1, 25))
def test_no_record_that_was_left_has_a_higher_score_or_an_equal_one_and_a_smaller_id(values, budget) -> None:
    scores = scores_of(values)
    chosen = picks(scores, budget)
    assert len(chosen) == min(budget, int(scores.notna().sum()))
    ordered = [(-scores[record], record) for record in chosen]
    left = [(-score, record) for record, score in scores.dropna().items() if record not in chosen]
    assert ordered == sorted(ordered) and all(ordered[-1] < other for other in left)


@settings(max_examples=40, deadline=None)
@given(pools.filter(lambda values: not all(map(np.isnan, values))), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter_and_a_smaller_budget_is_a_prefix(values, random) -> None:
    scores = scores_of(values)
    order = list(scores.index)
    random.shuffle(order)
    assert picks(scores.loc[order], 8) == picks(scores, 8)
    assert picks(scores, 8)[:3] == picks(scores, 3)


def test_a_record_without_a_score_is_never_picked() -> None:
    assert picks(scores_of([1.0, np.nan, 2.0]), 9) == ["0002", "0000"]


def test_a_whole_number_column_with_nulls_is_read() -> None:
    scores = pd.Series(pd.array([1, None, 3], dtype="Int64"), index=["a", "b", "c"])
    assert picks(scores, 3) == ["c", "a"]


def test_an_infinite_score_is_named() -> None:
    with pytest.raises(InputError, match=r"infinite quality_score.*record 0001"):
        picks(scores_of([1.0, np.inf]), 1)


def test_a_pool_without_any_score_is_refused() -> None:
    with pytest.raises(InputError, match="none of the 2 records has a quality_score"):
        picks(scores_of([np.nan, np.nan]), 1)


def test_an_empty_pool_a_doubled_record_and_a_budget_of_zero_are_refused() -> None:
    with pytest.raises(InputError, match="empty"):
        picks(scores_of([]), 1)
    with pytest.raises(InputError, match="record a"):
        picks(pd.Series([1.0, 2.0], index=["a", "a"]), 1)
    with pytest.raises(ConfigurationError, match="budget"):
        picks(scores_of([1.0]), 0)


def test_a_reason_says_where_the_record_stands() -> None:
    scores = scores_of([2.0, 4.0, np.nan, 3.0, 3.0, 2.5])
    reasons = top_score_reasons(picks(scores, 2), scores, None, seed=0)
    assert reasons["record_id"].tolist() == ["0001", "0003", "0000", "0002", "0004", "0005"]
    assert reasons["reason"].tolist() == [
        "taken: quality_score 4, place 1 of 5",
        "taken: quality_score 3, place 2 of 5",
        "left: quality_score 2, place 5 of 5; the last one taken has 3",
        "left: no score",
        "left: quality_score 3, place 3 of 5; the last one taken has the same and the smaller record id",
        "left: quality_score 2.5, place 4 of 5; the last one taken has 3",
    ]
    np.testing.assert_array_equal(reasons["selection_score"], [4, 3, 2, np.nan, 3, 2.5])
    assert reasons["nearest_selected"].isna().all()
