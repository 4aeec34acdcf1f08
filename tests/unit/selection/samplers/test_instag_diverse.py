import re
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sampler_claims import assert_the_order_of_the_rows_does_not_matter

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.selection.samplers.instag_diverse import instag_diverse, instag_diverse_reasons

# (tags or null, score or null); few scores, so that there are ties.
records = st.tuples(
    st.one_of(st.none(), st.lists(st.sampled_from("abcdefg"), max_size=4)),
    st.one_of(st.just(float("nan")), st.integers(0, 4).map(float)),
)
pools = st.lists(records, min_size=1, max_size=25).filter(
    lambda pool: any(score == score for _, score in pool)
)


def frames(pool: list[tuple[list[str] | None, float]]) -> tuple[pd.Series, pd.DataFrame]:
    index = pd.Index([f"{row:04x}" for row in range(len(pool))], name="record_id")
    scores = pd.Series([score for _, score in pool], index=index, name="tag_count_score")
    return scores, pd.DataFrame({"tags": pd.Series([tags for tags, _ in pool], index=index, dtype=object)})


def counted(*lists: list[str]) -> tuple[pd.Series, pd.DataFrame]:
    return frames([(tags, float(len(set(tags)))) for tags in lists])


def as_published(scores: pd.Series, features: pd.DataFrame, budget: int) -> list[tuple[str, int]]:
    """The loop as the paper tells it, and then the records without tags."""
    order = sorted(scores.dropna().index, key=lambda record: (-scores[record], record))
    remaining = [record for record in order if features.at[record, "tags"]]
    picks: list[tuple[str, int]] = []
    number = 0
    while remaining:
        number += 1
        covered: set[str] = set()
        for record in list(remaining):
            tags = set(features.at[record, "tags"])
            if tags - covered:
                picks.append((record, number))
                covered |= tags
                remaining.remove(record)
    picks += [(record, 0) for record in order if not features.at[record, "tags"]]
    return picks[:budget]


@settings(max_examples=120, deadline=None)
@given(pools, st.integers(1, 30))
def test_picks_are_those_of_the_published_loop(
    pool: list[tuple[list[str] | None, float]], budget: int
) -> None:
    scores, features = frames(pool)
    wanted = [record for record, _ in as_published(scores, features, budget)]
    assert instag_diverse(scores, features, budget, seed=0) == wanted


@settings(max_examples=20, deadline=None)
@given(pools, st.integers(1, 30), st.integers(1, 30))
def test_every_budget_is_a_prefix(pool: list[tuple[list[str] | None, float]], one: int, other: int) -> None:
    scores, features = frames(pool)
    small, large = sorted((one, other))
    assert instag_diverse(scores, features, large, seed=0)[:small] == instag_diverse(
        scores, features, small, seed=0
    )


@settings(max_examples=20, deadline=None)
@given(pools, st.integers(1, 30), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(
    pool: list[tuple[list[str] | None, float]], budget: int, random: Random
) -> None:
    assert_the_order_of_the_rows_does_not_matter(
        instag_diverse, instag_diverse_reasons, *frames(pool), budget, random, seed=0
    )


@settings(max_examples=50, deadline=None)
@given(pools, st.integers(1, 30))
def test_reasons_say_what_the_published_loop_does(
    pool: list[tuple[list[str] | None, float]], budget: int
) -> None:
    scores, features = frames(pool)
    published = as_published(scores, features, budget)
    picks = [record for record, _ in published]
    reasons = instag_diverse_reasons(picks, scores, features, seed=0)
    assert reasons["record_id"].tolist() == picks + sorted(set(scores.index) - set(picks))
    chosen = dict(published)
    for row in reasons.itertuples():
        tags = features.at[row.record_id, "tags"]
        if row.record_id in chosen:
            number = chosen[row.record_id]
            assert row.reason.startswith(
                f"taken in pass {number}: adds" if number else "taken after all records"
            )
            assert pd.isna(row.nearest_selected)
        elif np.isnan(scores[row.record_id]):
            assert row.reason == "left: no score"
        elif row.nearest_selected == row.nearest_selected:  # one covered it: a pick before it, of that pass
            assert set(tags) & set(features.at[row.nearest_selected, "tags"])
            number = int(re.search(r"in pass (\d+) records", row.reason)[1])  # type: ignore[index]
            assert chosen[row.nearest_selected] == number
            assert (-scores[row.nearest_selected], row.nearest_selected) < (
                -scores[row.record_id],
                row.record_id,
            )
            before = [
                other
                for other, at in published
                if at == number and (-scores[other], other) < (-scores[row.record_id], row.record_id)
            ]
            assert set(tags) <= {tag for other in before for tag in features.at[other, "tags"]}


def test_a_pass_takes_the_highest_score_for_each_tag_and_the_next_starts_anew() -> None:
    scores, features = counted(["a"], ["a", "b", "c"], ["c", "d"], ["b", "c"], ["d"])
    assert instag_diverse(scores, features, 9, seed=0) == ["0001", "0002", "0003", "0000", "0004"]
    reasons = instag_diverse_reasons(["0001", "0002", "0003"], scores, features, seed=0)
    assert reasons["reason"].tolist() == [
        "taken in pass 1: adds the tags a, b, c",
        "taken in pass 1: adds the tag d",
        "taken in pass 2: adds the tags b, c",
        "left: tag_count_score 1, place 4 of 5; in pass 1 records before it had covered the tag a (a: 0001), "
        "and in pass 2 the budget of 3 ended",
        "left: tag_count_score 1, place 5 of 5; in pass 1 records before it had covered the tag d (d: 0002), "
        "and in pass 2 the budget of 3 ended",
    ]
    assert reasons["nearest_selected"].tolist()[3:] == ["0001", "0002"]


def test_a_record_whose_turn_did_not_come_is_told_so() -> None:
    scores, features = counted(["a", "b"], ["c"])
    assert instag_diverse_reasons(["0000"], scores, features, seed=0)["reason"].iloc[1] == (
        "left: tag_count_score 1, place 2 of 2; the budget of 1 ended in pass 1 before its turn"
    )


def test_ties_go_to_the_smaller_record_id() -> None:
    scores, features = counted(["a"], ["a"], ["b"])
    assert instag_diverse(scores.iloc[::-1], features, 3, seed=0) == ["0000", "0002", "0001"]


def test_records_without_tags_come_last_even_with_the_best_score() -> None:
    scores, features = frames([([], 9.0), (None, 8.0), (["a"], 1.0), (["a"], 0.0)])
    picks = instag_diverse(scores, features, 3, seed=0)
    assert picks == ["0002", "0003", "0000"]
    reasons = instag_diverse_reasons(picks, scores, features, seed=0)["reason"].tolist()
    assert reasons[2] == "taken after all records with tags: its tags are not known, or it has none"
    assert reasons[3] == (
        "left: tag_count_score 8, place 2 of 4, but its tags are not known, or it has none, and such records "
        "come last"
    )


def test_a_record_without_a_score_is_never_picked_and_needs_no_tags() -> None:
    scores, features = frames([(["a"], 1.0), (["b"], float("nan"))])
    assert instag_diverse(scores, features.iloc[:1], 5, seed=0) == ["0000"]


def test_identical_records_take_a_pass_each() -> None:
    scores, features = counted(*[["a", "b"]] * 3000)
    picks = instag_diverse(scores, features, 3000, seed=0)
    assert picks == list(scores.index)
    assert instag_diverse_reasons(picks, scores, features, seed=0)["reason"].iloc[-1] == (
        "taken in pass 3000: adds the tags a, b"
    )


def test_bad_input_is_named() -> None:
    scores, features = counted(["a"], ["b"])
    with pytest.raises(InputError, match="record 0001"):
        instag_diverse(scores, features.iloc[:1], 1, seed=0)
    with pytest.raises(InputError, match="tags"):
        instag_diverse(scores, None, 1, seed=0)
    with pytest.raises(InputError, match="record 0001"):
        instag_diverse(scores.replace(1.0, np.inf).mask(scores.index == "0000", 1.0), features, 1, seed=0)
    with pytest.raises(InputError):
        instag_diverse(scores * np.nan, features, 1, seed=0)
    with pytest.raises(InputError, match="empty"):
        instag_diverse(scores.iloc[:0], features, 1, seed=0)
    with pytest.raises(ConfigurationError, match="budget"):
        instag_diverse(scores, features, 0, seed=0)
