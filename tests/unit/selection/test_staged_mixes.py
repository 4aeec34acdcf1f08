from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.selection.reasons import k_center_reasons
from instruction_tuning.selection.samplers.k_center_greedy import k_center_greedy
from instruction_tuning.selection.samplers.uniform import uniform
from instruction_tuning.selection.staged_mixes import Stage, staged_mix, staged_mix_reasons

NAN = float("nan")
rows_of = st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=2, max_size=25)


def names(count: int) -> list[str]:
    return [f"{number:04x}" for number in range(count)]


def frame(points: list[tuple[int, ...]]) -> pd.DataFrame:
    return pd.DataFrame(points, index=names(len(points)), dtype=np.float32)


def rated(*values: float, name: str = "rating_score") -> pd.Series:
    return pd.Series(values, index=names(len(values)), dtype="float64", name=name)


def nothing_known(embeddings: pd.DataFrame) -> pd.Series:
    return pd.Series(NAN, index=embeddings.index)


def hybrid(embeddings: pd.DataFrame, share: float = 0.6) -> list[Stage]:
    """The better ones by the first component, then k-center on these."""
    first = embeddings.iloc[:, 0].astype("float64").rename("rating_score")
    return [
        Stage("rating", score=first, keep_share=share),
        Stage("spread", sampler=k_center_greedy, reasons=k_center_reasons),
    ]


def test_the_lowest_fifth_goes_before_the_sampler_sees_anything() -> None:
    ratings = rated(3, 1, 4, 1, 5, 9, 2, 6, 5, 3)
    stages = [Stage("rating", score=ratings, keep_share=0.8), Stage("draw", sampler=uniform)]
    picks = staged_mix(ratings, None, 10, seed=0, stages=stages)
    assert sorted(picks) == sorted(set(ratings.index) - {"0001", "0003"})


def test_a_share_is_of_those_that_have_the_score_and_those_without_go_too() -> None:
    ratings = rated(1, 2, 3, 4, NAN, NAN)
    stages = [Stage("rating", score=ratings, keep_share=0.5), Stage("draw", sampler=uniform)]
    assert sorted(staged_mix(ratings, None, 6, seed=0, stages=stages)) == ["0002", "0003"]


@pytest.mark.parametrize(("share", "kept"), [(0.7, 7), (0.71, 8), (0.01, 1), (1.0, 10)])
def test_a_share_is_rounded_up_but_not_by_what_floating_point_adds(share: float, kept: int) -> None:
    ratings = rated(*range(10))
    stages = [Stage("rating", keep_share=share), Stage("draw", sampler=uniform)]
    assert len(staged_mix(ratings, None, 10, seed=0, stages=stages)) == kept


def test_equal_scores_at_the_border_go_to_the_smaller_record_id() -> None:
    stages = [Stage("rating", keep_count=2), Stage("draw", sampler=uniform)]
    assert sorted(staged_mix(rated(1, 5, 1, 1), None, 4, seed=0, stages=stages)) == ["0000", "0001"]


def test_a_filter_keeps_what_reaches_its_bound() -> None:
    no_copy = rated(1, 0, 1, 0.5, NAN, name="form_score")
    stages = [Stage("form", score=no_copy, at_least=0.5), Stage("best")]
    assert staged_mix(rated(1, 2, 3, 4, 5), None, 9, seed=0, stages=stages) == ["0003", "0002", "0000"]


def test_one_stage_alone_picks_as_its_sampler_does() -> None:
    embeddings = frame([(0, 0), (1, 0), (9, 9), (0, 1), (5, 5)])
    alone = k_center_greedy(nothing_known(embeddings), embeddings, 3, seed=4)
    stages = [Stage("spread", sampler=k_center_greedy)]
    assert staged_mix(nothing_known(embeddings), embeddings, 3, seed=4, stages=stages) == alone


def test_settings_of_a_sampler_are_bound_to_it_and_a_sampler_can_stand_before_a_score() -> None:
    def every(scores: pd.Series, features: Any, budget: int, *, seed: int, step: int) -> list[str]:
        return sorted(scores.index)[::step][:budget]

    ratings = rated(1, 2, 3, 4, 5, 6)
    stages = [Stage("every other", sampler=partial(every, step=2), keep_count=3), Stage("best")]
    assert staged_mix(ratings, None, 2, seed=0, stages=stages) == ["0004", "0002"]


@settings(max_examples=25, deadline=None)
@given(rows_of, st.integers(1, 25), st.integers(1, 25))
def test_every_budget_is_a_prefix(points: list[tuple[int, ...]], one: int, other: int) -> None:
    embeddings, (small, large) = frame(points), sorted((one, other))
    picks = [
        staged_mix(nothing_known(embeddings), embeddings, budget, seed=2, stages=hybrid(embeddings))
        for budget in (small, large)
    ]
    assert picks[1][:small] == picks[0]


@settings(max_examples=25, deadline=None)
@given(rows_of, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(points: list[tuple[int, ...]], random: object) -> None:
    embeddings = frame(points)
    order = list(embeddings.index)
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = embeddings.loc[order]
    assert staged_mix(nothing_known(shuffled), shuffled, 9, seed=2, stages=hybrid(shuffled)) == staged_mix(
        nothing_known(embeddings), embeddings, 9, seed=2, stages=hybrid(embeddings)
    )


@settings(max_examples=25, deadline=None)
@given(rows_of, st.integers(1, 9))
def test_picks_are_those_of_stage_after_stage_by_hand(points: list[tuple[int, ...]], budget: int) -> None:
    embeddings = frame(points)
    ordered = sorted(embeddings.index, key=lambda record: (-embeddings.loc[record, 0], record))
    left = ordered[: -(-6 * len(ordered) // 10)]
    by_hand = k_center_greedy(pd.Series(NAN, index=left), embeddings, budget, seed=2)
    stages = hybrid(embeddings)
    assert staged_mix(nothing_known(embeddings), embeddings, budget, seed=2, stages=stages) == by_hand


@settings(max_examples=25, deadline=None)
@given(rows_of, st.integers(1, 9))
def test_every_record_has_one_reason_of_the_stage_that_left_it(
    points: list[tuple[int, ...]], budget: int
) -> None:
    embeddings, stages = frame(points), hybrid(frame(points))
    pool = nothing_known(embeddings)
    picks = staged_mix(pool, embeddings, budget, seed=2, stages=stages)
    reasons = staged_mix_reasons(picks, pool, embeddings, seed=2, stages=stages)
    assert reasons["record_id"].tolist()[: len(picks)] == picks
    assert sorted(reasons["record_id"]) == list(embeddings.index)
    kept_by_score = -(-6 * len(embeddings) // 10)
    assert reasons["reason"].str.contains("stage 1 of 2").sum() == len(embeddings) - kept_by_score
    assert reasons["reason"].str.contains("stage 2 of 2").sum() == kept_by_score


def test_a_reason_names_the_stage_with_its_number_and_the_last_stage_speaks_for_itself() -> None:
    embeddings = frame([(4, 0), (3, 0), (3, 9), (1, 0)])
    stages = [
        Stage("rating", score=rated(4, 3, NAN, 1), keep_count=2),
        Stage("spread", sampler=k_center_greedy, reasons=k_center_reasons),
    ]
    pool = nothing_known(embeddings)
    picks = staged_mix(pool, embeddings, 1, seed=0, stages=stages)
    reasons = staged_mix_reasons(picks, pool, embeddings, seed=0, stages=stages).set_index("record_id")
    assert reasons.loc[picks[0], "reason"] == (
        "at stage 2 of 2, spread: k-center pick 1: the first centre, chosen by seed 0"
    )
    assert reasons.loc["0002", "reason"] == "left at stage 1 of 2, rating: no rating_score"
    assert reasons.loc["0003", "reason"] == (
        "left at stage 1 of 2, rating: rating_score 1, place 3 of 3, 2 kept (best 2)"
    )
    assert reasons.loc["0003", "selection_score"] == 1


def test_the_account_does_not_pick_once_more() -> None:
    calls = []

    def counted(scores: pd.Series, features: Any, budget: int, *, seed: int) -> list[str]:
        calls.append(budget)
        return uniform(scores, features, budget, seed=seed)

    ratings = rated(1, 2, 3, 4)
    stages = [Stage("rating", keep_count=3), Stage("draw", sampler=counted)]
    picks = staged_mix(ratings, None, 2, seed=0, stages=stages)
    reasons = staged_mix_reasons(picks, ratings, None, seed=0, stages=stages)
    assert calls == [2] and reasons["record_id"].tolist()[:2] == picks


def test_without_an_account_of_its_own_a_sampler_tells_its_picks_apart() -> None:
    ratings = rated(1, 2, 3)
    stages = [Stage("draw", sampler=uniform)]
    picks = staged_mix(ratings, None, 2, seed=0, stages=stages)
    reasons = staged_mix_reasons(picks, ratings, None, seed=0, stages=stages)["reason"].tolist()
    assert reasons[0] == "taken at stage 1 of 1, draw: pick 1 of 2"
    assert reasons[2] == "left at stage 1 of 1, draw: not among the 2 that it picked"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: [], "at least"),
        (lambda: [Stage("a", keep_share=0.5), Stage("a")], "name of its own"),
        (lambda: [Stage("a"), Stage("b")], "stage a has 0 rules"),
        (lambda: [Stage("a", keep_share=0.5, keep_count=3)], "stage a has 2 rules"),
        (lambda: [Stage("a", keep_share=1.5)], r"keep_share 1.5, outside"),
        (lambda: [Stage("a", keep_count=0)], "keep_count 0"),
        (lambda: [Stage("a", sampler=uniform, at_least=0.5)], "at_least with a sampler"),
    ],
)
def test_stages_that_make_no_sense_are_refused(make: Callable[[], list[Stage]], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        staged_mix(rated(1, 2, 3), None, 1, seed=0, stages=make())


def test_a_bound_that_nothing_reaches_names_the_stage_and_the_best_there_is() -> None:
    with pytest.raises(InputError, match=r"stage form keeps none of 3 records(.|\n)*at most 3"):
        staged_mix(rated(1, 2, 3), None, 1, seed=0, stages=[Stage("form", at_least=7)])


def test_a_score_that_nobody_has_is_refused() -> None:
    with pytest.raises(InputError, match="none of the 3 records has a rating_score"):
        staged_mix(rated(NAN, NAN, NAN), None, 1, seed=0, stages=[Stage("best")])
