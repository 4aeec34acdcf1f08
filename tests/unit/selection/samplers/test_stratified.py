from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sampler_claims import assert_the_order_of_the_rows_does_not_matter

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.selection.samplers.stratified import stratified, stratified_reasons

pools = st.lists(
    st.tuples(st.sampled_from("abcd"), st.one_of(st.integers(0, 2).map(float), st.just(float("nan")))),
    min_size=1,
    max_size=30,
).filter(lambda rows: any(row[1] == row[1] for row in rows))


def frames(rows: list[tuple[str, float]]) -> tuple[pd.Series, pd.DataFrame]:
    ids = [f"{row:04x}" for row in range(len(rows))]
    strata = pd.DataFrame({"stratum": [row[0] for row in rows]}, index=ids)
    return pd.Series([row[1] for row in rows], index=ids, name="score"), strata


@settings(max_examples=25, deadline=None)
@given(pools, st.integers(1, 35), st.integers(1, 35))
def test_every_budget_is_a_prefix_and_no_record_comes_twice(rows, one, other) -> None:
    scores, strata = frames(rows)
    small, large = (stratified(scores, strata, budget, seed=1) for budget in sorted((one, other)))
    assert large[: len(small)] == small
    assert len(large) == len(set(large)) == min(max(one, other), int(scores.notna().sum()))


@settings(max_examples=25, deadline=None)
@given(pools, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows, random) -> None:
    assert_the_order_of_the_rows_does_not_matter(
        stratified, stratified_reasons, *frames(rows), 12, random, seed=1
    )


@settings(max_examples=25, deadline=None)
@given(pools, st.integers(1, 30))
def test_within_a_stratum_the_best_scores_are_taken(rows, budget) -> None:
    scores, strata = frames(rows)
    chosen = stratified(scores, strata, budget, seed=1)
    for _, records in strata.groupby("stratum"):
        taken = [scores[record] for record in chosen if record in records.index]
        left = scores.loc[records.index.difference(chosen)].dropna()
        assert taken == sorted(taken, reverse=True)
        assert not taken or left.empty or left.max() <= taken[-1]


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [
        (1.0, {"large": 80, "middle": 16, "small": 4}),
        # Cube roots of 1,000, 200 and 50 are 10, 5.85 and 3.68.
        (3.0, {"large": 51, "middle": 30, "small": 19}),
        (1e9, {"large": 34, "middle": 33, "small": 33}),
    ],
)
def test_shares_follow_the_temperature(temperature, expected) -> None:
    names = ["large"] * 1_000 + ["middle"] * 200 + ["small"] * 50
    scores, strata = frames([(name, 1.0) for name in names])
    chosen = stratified(scores, strata, 100, seed=0, temperature=temperature)
    assert Counter(strata.loc[chosen, "stratum"]) == expected


def test_a_stratum_keeps_near_its_share_all_the_way() -> None:
    names = ["a"] * 640 + ["b"] * 270 + ["c"] * 90
    scores, strata = frames([(name, 1.0) for name in names])
    chosen = strata.loc[stratified(scores, strata, 500, seed=0, temperature=1.0), "stratum"]
    for name, share in (("a", 0.64), ("b", 0.27), ("c", 0.09)):
        gone = (chosen == name).cumsum().to_numpy() - share * np.arange(1, 501)
        assert np.abs(gone).max() <= 1


def test_what_an_empty_stratum_would_have_got_goes_to_the_others() -> None:
    scores, strata = frames([("a", 1.0)] * 2 + [("b", 1.0)] * 30 + [("c", 1.0)] * 30)
    chosen = strata.loc[stratified(scores, strata, 40, seed=0, temperature=1e9), "stratum"]
    assert chosen.value_counts().to_dict() == {"b": 19, "c": 19, "a": 2}


def test_the_seed_decides_among_equal_scores_and_only_there() -> None:
    scores, strata = frames([("a", 2.0)] + [("a", 1.0)] * 40)
    draws = {tuple(stratified(scores, strata, 3, seed=seed)) for seed in range(8)}
    assert {draw[0] for draw in draws} == {"0000"} and len(draws) == 8


def test_a_record_without_stratum_or_without_the_column_is_named() -> None:
    scores, strata = frames([("a", 1.0), ("b", 1.0)])
    with pytest.raises(InputError, match=r"no stratum.*record 0001"):
        stratified(scores, strata.iloc[:1], 1, seed=0)
    with pytest.raises(InputError, match="no stratum to take quotas of"):
        stratified(scores, strata.rename(columns={"stratum": "source"}), 1, seed=0)
    with pytest.raises(InputError, match=r"more than once in the strata.*record 0000"):
        stratified(scores, pd.concat([strata, strata]), 1, seed=0)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_that_gives_no_shares_is_refused(temperature: float) -> None:
    with pytest.raises(ConfigurationError, match="gives no shares"):
        stratified(*frames([("a", 1.0)]), 1, seed=0, temperature=temperature)


def test_a_reason_says_what_the_stratum_gave() -> None:
    scores, strata = frames([("a", 2.0), ("a", 1.0), ("b", 5.0), ("b", float("nan"))])
    chosen = stratified(scores, strata, 2, seed=0, temperature=1.0)
    reasons = stratified_reasons(chosen, scores, strata, seed=0, temperature=1.0)
    assert reasons["record_id"].tolist() == ["0000", "0002", "0001", "0003"]
    assert reasons["reason"].tolist() == [
        "taken: score 2, pick 1 of 1 from a (share 66.7%)",
        "taken: score 5, pick 1 of 1 from b (share 33.3%)",
        "left: score 1, place 2 of 2 in a (share 66.7%), which gave 1",
        "left: no score",
    ]
