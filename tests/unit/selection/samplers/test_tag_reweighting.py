from collections import Counter
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sampler_claims import assert_the_order_of_the_rows_does_not_matter

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.selection.samplers.tag_reweighting import (
    Target,
    tag_reweighting,
    tag_reweighting_reasons,
)

pools = st.lists(
    st.one_of(st.none(), st.lists(st.sampled_from("abcd"), max_size=3)), min_size=1, max_size=25
).filter(any)


def frames(lists: list[list[str] | None]) -> tuple[pd.Series, pd.DataFrame]:
    index = pd.Index([f"{row:04x}" for row in range(len(lists))], name="record_id")
    return pd.Series(np.nan, index=index), pd.DataFrame({"tags": pd.Series(lists, index=index, dtype=object)})


def shares(target: Target, lists: list[list[str] | None], budget: int) -> dict[str, float]:
    scores, features = frames(lists)
    drawn = [
        tag
        for seed in range(12)
        for record in tag_reweighting(scores, features, budget, seed=seed, target=target)
        for tag in features.at[record, "tags"]
    ]
    return {tag: count / len(drawn) for tag, count in Counter(drawn).items()}


LONG_TAIL: list[list[str] | None] = [["a"]] * 1600 + [["b"]] * 300 + [["c"]] * 100


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("uniform", {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}),
        ("sqrt", {"a": 0.594, "b": 0.257, "c": 0.149}),  # roots of 0.8, 0.15 and 0.05, scaled
        ({"a": 1, "b": 3}, {"a": 0.25, "b": 0.75}),
        ({"a": 0.8, "b": 0.15, "c": 0.05}, {"a": 0.8, "b": 0.15, "c": 0.05}),
    ],
)
def test_single_tags_come_in_the_shares_of_the_target(target: Target, wanted: dict[str, float]) -> None:
    found = shares(target, LONG_TAIL, 40)
    assert set(found) == set(wanted)
    # 480 draws: a standard deviation of at most 0.023; three of them either way.
    assert all(abs(found[tag] - share) < 0.07 for tag, share in wanted.items())


def test_records_of_several_tags_move_towards_the_target() -> None:
    lists: list[list[str] | None] = [["a", "b"]] * 500 + [["a"]] * 400
    lists += [["c", "a"]] * 50 + [["c", "d"]] * 50
    pool = Counter(tag for tags in lists for tag in tags or ())
    before = {tag: count / sum(pool.values()) for tag, count in pool.items()}
    after = shares("uniform", lists, 40)
    distance = {
        name: sum(abs(found[tag] - 1 / 4) for tag in "abcd")
        for name, found in (("before", before), ("after", after))
    }
    assert distance["after"] < 0.6 * distance["before"]


def test_weights_are_means_of_target_over_pool() -> None:
    scores, features = frames([["a", "b"], ["a"], ["a"], []])
    reasons = tag_reweighting_reasons([], scores, features, seed=0, target={"a": 1, "b": 3})
    # Shares of the pool: a 3/4, b 1/4.
    weights = reasons.set_index("record_id")["selection_score"]
    np.testing.assert_allclose(weights, [(0.25 / 0.75 + 0.75 / 0.25) / 2, 1 / 3, 1 / 3, np.nan])


@settings(max_examples=20, deadline=None)
@given(pools, st.integers(1, 30), st.integers(1, 30), st.sampled_from(["uniform", "sqrt", {"a": 1, "b": 2}]))
def test_every_budget_is_a_prefix_and_all_with_a_weight_can_be_drawn(
    lists: list[list[str] | None], one: int, other: int, target: Target
) -> None:
    scores, features = frames(lists)
    named = set(target) if isinstance(target, dict) else set("abcd")
    drawable = [record for record, tags in features["tags"].items() if set(tags or ()) & named]
    if not drawable:
        return
    small, large = sorted((one, other))
    picks = tag_reweighting(scores, features, large, seed=3, target=target)
    assert picks[:small] == tag_reweighting(scores, features, small, seed=3, target=target)
    assert sorted(tag_reweighting(scores, features, 99, seed=3, target=target)) == drawable


@settings(max_examples=20, deadline=None)
@given(pools, st.integers(1, 30), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(
    lists: list[list[str] | None], budget: int, random: Random
) -> None:
    assert_the_order_of_the_rows_does_not_matter(
        tag_reweighting, tag_reweighting_reasons, *frames(lists), budget, random, seed=3
    )


def test_another_seed_draws_others() -> None:
    scores, features = frames(LONG_TAIL)
    assert tag_reweighting(scores, features, 20, seed=1) != tag_reweighting(scores, features, 20, seed=2)


def test_reasons_name_weight_place_and_the_tag_that_counts_most() -> None:
    scores, features = frames([["a", "b"], ["a"], ["a"], ["c"], []])
    target = {"a": 1, "b": 3}
    picks = tag_reweighting(scores, features, 1, seed=0, target=target)
    reasons = tag_reweighting_reasons(picks, scores, features, seed=0, target=target)
    reasons = reasons.set_index("record_id")["reason"]
    assert reasons["0003"] == "left: the target gives none of its tags a share"
    assert reasons["0004"] == "left: its tags are not known, or it has none"
    assert (
        reasons[picks[0]].startswith("taken: weight ") and " drew place 1 of 3 (seed 0)" in reasons[picks[0]]
    )
    assert reasons["0000"].endswith(
        "(seed 0); of its tags b counts most, 0.2 of the pool and 0.75 of the target"
    )
    assert sum(", after the 1 of the budget (seed 0)" in reason for reason in reasons) == 2


def test_bad_input_is_named() -> None:
    scores, features = frames([["a"], ["b"]])
    with pytest.raises(ConfigurationError, match=r"which names x(?s:.*)that the pool has, such as a, b"):
        tag_reweighting(scores, features, 1, seed=0, target={"x": 1.0})
    with pytest.raises(ConfigurationError, match="share of -1"):
        tag_reweighting(scores, features, 1, seed=0, target={"a": -1.0})
    with pytest.raises(ConfigurationError, match="'flat'"):
        tag_reweighting(scores, features, 1, seed=0, target="flat")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="record 0001"):
        tag_reweighting(scores, features.iloc[:1], 1, seed=0)
    with pytest.raises(InputError, match="none of the records has a tag"):
        tag_reweighting(*frames([[], None]), 1, seed=0)
    with pytest.raises(InputError, match="tags"):
        tag_reweighting(scores, None, 1, seed=0)
