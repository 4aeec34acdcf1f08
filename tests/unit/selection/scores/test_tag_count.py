import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.errors import InputError
from instruction_tuning.selection.scores.tag_count import length_controlled_tag_count, tag_count

# (number of tags or null, number of words)
pools = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(0, 6)), st.integers(0, 9)), min_size=1, max_size=25
)


def frames(records: list[tuple[int | None, int]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    index = pd.Index([f"{row:04x}" for row in range(len(records))], name="record_id")
    lists = [None if count is None else [f"t{number}" for number in range(count)] for count, _ in records]
    pool = pd.DataFrame({"record_id": index, "prompt": ["word " * words for _, words in records]})
    return pool, pd.DataFrame({"tags": pd.Series(lists, index=index, dtype=object)})


def test_the_score_is_the_number_of_different_tags() -> None:
    pool, tags = frames([(0, 1), (3, 1), (None, 1)])
    tags.at["0001", "tags"] = ["a", "b", "a"]
    score = tag_count(pool, tags.iloc[::-1])
    assert score.name == "tag_count_score" and score.dtype == "float64"
    np.testing.assert_array_equal(score, [0.0, 2.0, np.nan])
    assert score.index.tolist() == pool["record_id"].tolist()


def test_a_record_without_a_row_of_tags_is_named() -> None:
    pool, tags = frames([(1, 1), (1, 1)])
    with pytest.raises(InputError, match="record 0001"):
        tag_count(pool, tags.iloc[:1])


@settings(max_examples=30, deadline=None)
@given(pools)
def test_the_controlled_score_has_nothing_to_do_with_length(records: list[tuple[int | None, int]]) -> None:
    pool, tags = frames(records)
    score = length_controlled_tag_count(pool, tags)
    assert score.notna().tolist() == [count is not None for count, _ in records]
    known = score.dropna()
    if len(known):
        lengths = pd.Series([words for _, words in records], index=score.index)[known.index].rank()
        assert abs(float((known - known.mean()) @ (lengths - lengths.mean()))) < 1e-9
        assert known.between(-1, 1).all()


@settings(max_examples=15, deadline=None)
@given(pools, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(records: list[tuple[int | None, int]], random: object) -> None:
    pool, tags = frames(records)
    order = list(range(len(pool)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = length_controlled_tag_count(pool.iloc[order], tags)
    pd.testing.assert_series_equal(shuffled.sort_index(), length_controlled_tag_count(pool, tags))


def test_of_equal_length_more_tags_are_more_and_of_equal_tags_the_shorter_is_more() -> None:
    pool, tags = frames([(1, 2), (2, 2), (3, 9), (4, 9), (4, 5)])
    score = length_controlled_tag_count(pool, tags)
    assert score["0001"] > score["0000"] and score["0004"] > score["0003"] > score["0002"]


def test_a_long_request_of_many_tags_is_no_longer_foremost() -> None:
    """Counts that follow from length alone, but for one short request with more tags than its like."""
    pool, tags = frames([(words // 3, words) for words in range(3, 40)] + [(5, 4)])
    assert tag_count(pool, tags).idxmax() != "0025"
    assert length_controlled_tag_count(pool, tags).idxmax() == "0025"


def test_where_all_lengths_are_equal_the_rank_is_left() -> None:
    equal = length_controlled_tag_count(*frames([(1, 1), (2, 1), (3, 1)]))
    np.testing.assert_allclose(equal, [-1 / 3, 0, 1 / 3])


def test_scores_of_unknown_tags_alone_are_all_null() -> None:
    assert length_controlled_tag_count(*frames([(None, 1), (None, 3)])).isna().all()
