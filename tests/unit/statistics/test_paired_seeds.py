from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from instruction_tuning.errors import InputError
from instruction_tuning.statistics.balanced_answers import balanced_answers
from instruction_tuning.statistics.paired_seeds import (
    RANKING_COLUMNS,
    ability_differences,
    rank_methods,
)


def arena(
    rng: np.random.Generator,
    gains: dict[str, float],
    *,
    seeds: int = 4,
    items: int = 25,
    abilities: int = 2,
    seed_sd: float = 0.0,
    item_sd: float = 0.0,
    answer_sd: float = 0.2,
) -> pd.DataFrame:
    """Scores around 0.5: a method's gain, and normal deviations of its seeds, its items and its answers."""
    rows = []
    for method, gain in gains.items():
        of_items = rng.normal(0, item_sd, (abilities, items))
        for seed in range(seeds):
            of_seed = rng.normal(0, seed_sd)
            for ability in range(abilities):
                drawn = rng.normal(0, answer_sd, items)
                values = 0.5 + gain + of_seed + of_items[ability] + drawn
                rows += [
                    (method, seed, f"item-{number:03d}", f"ability-{ability}", value)
                    for number, value in enumerate(np.clip(values, 0, 1))
                ]
    return pd.DataFrame(rows, columns=["method", "seed", "item_id", "ability", "score"])


def ranked(scores: pd.DataFrame, **settings: Any) -> pd.DataFrame:
    return rank_methods(scores, "uniform", **settings).set_index("method")


def test_the_best_mean_comes_first_and_the_reference_has_no_difference_to_itself() -> None:
    scores = arena(np.random.default_rng(0), {"uniform": 0.0, "better": 0.2, "worse": -0.1})
    ranking = rank_methods(scores, "uniform")
    assert tuple(ranking.columns) == RANKING_COLUMNS
    assert ranking["method"].tolist() == ["better", "uniform", "worse"]
    assert ranking["rank"].tolist() == [1, 2, 3]
    assert ranking.loc[1, "difference":"detectable_difference"].isna().all()
    better, worse = ranking.iloc[0], ranking.iloc[2]
    assert 0.12 < better["ci_low"] < better["difference"] < better["ci_high"] < 0.28
    assert worse["p_value"] < 0.01 and worse["ci_high"] < 0


def test_every_ability_counts_alike_however_many_items_it_has() -> None:
    rows = [
        (method, seed, str(item), ability, float(method == "better" and ability == "small"))
        for method in ("uniform", "better")
        for seed in (0, 1)
        for ability, items in (("small", 2), ("large", 50))
        for item in range(items)
    ]
    scores = pd.DataFrame(rows, columns=["method", "seed", "item_id", "ability", "score"])
    assert ranked(scores).loc["better", "difference"] == 0.5
    by_ability = ability_differences(scores, "uniform").set_index(["method", "ability"])
    assert by_ability.loc[("better", "small"), "difference"] == 1
    assert by_ability.loc[("better", "large"), "difference"] == 0


def test_the_order_of_the_rows_does_not_matter() -> None:
    scores = arena(np.random.default_rng(1), {"uniform": 0.0, "other": 0.02})
    shuffled = scores.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(rank_methods(scores, "uniform"), rank_methods(shuffled, "uniform"))


def test_swapping_method_and_reference_swaps_the_signs() -> None:
    scores = arena(np.random.default_rng(2), {"a": 0.0, "b": 0.05})
    there = rank_methods(scores, "a").set_index("method").loc["b"]
    back = rank_methods(scores, "b").set_index("method").loc["a"]
    assert (there["ci_low"], there["ci_high"]) == pytest.approx((-back["ci_high"], -back["ci_low"]))
    assert there["p_value"] == pytest.approx(back["p_value"])


def test_what_only_the_items_differ_in_is_paired_away() -> None:
    """Hard and easy items lie far apart, alike for both: the difference is as sure as without them."""
    rng = np.random.default_rng(3)
    plain = arena(rng, {"uniform": 0.0, "other": 0.05}, answer_sd=0.02)
    hardness = pd.Series(rng.uniform(-0.3, 0.3, 25), index=[f"item-{number:03d}" for number in range(25)])
    shifted = plain.assign(score=plain["score"] + plain["item_id"].map(hardness))
    assert ranked(shifted).loc["other", "error"] == pytest.approx(ranked(plain).loc["other", "error"])


def against_a_constant(rng: np.random.Generator, gain: float, methods: int, **noise: Any) -> pd.DataFrame:
    """The ranking of methods with one gain and noise of their own, against a reference without any."""
    still = arena(rng, {"uniform": 0.0}, answer_sd=0.0, **{k: noise[k] for k in ("seeds", "items")})
    return ranked(pd.concat([still, arena(rng, {f"x{n:03d}": gain for n in range(methods)}, **noise)])).drop(
        "uniform"
    )


@pytest.mark.parametrize(
    ("seed_sd", "item_sd", "answer_sd"), [(0.06, 0.0, 0.01), (0.0, 0.1, 0.02), (0.0, 0.0, 0.15)]
)
def test_the_error_is_that_of_seeds_items_and_answers_together(
    seed_sd: float, item_sd: float, answer_sd: float
) -> None:
    """Its square is right on average, whichever of the three makes the noise: nothing counts twice."""
    noise = {"seed_sd": seed_sd, "item_sd": item_sd, "answer_sd": answer_sd}
    ranking = against_a_constant(np.random.default_rng(4), 0.0, 300, seeds=4, items=40, **noise)
    expected = seed_sd**2 / 4 + item_sd**2 / 80 + answer_sd**2 / 320
    assert (ranking["error"] ** 2).mean() == pytest.approx(expected, rel=0.15)


def test_the_interval_covers_the_truth_95_times_in_100_with_three_seeds() -> None:
    noise = {"seed_sd": 0.03, "item_sd": 0.07, "answer_sd": 0.1}
    ranking = against_a_constant(np.random.default_rng(5), 0.05, 300, seeds=3, items=12, **noise)
    hits = (ranking["ci_low"] <= 0.05) & (ranking["ci_high"] >= 0.05)
    assert 0.92 <= hits.mean() <= 0.98


def test_more_methods_cost_more_certainty() -> None:
    scores = arena(np.random.default_rng(6), {"uniform": 0, "a": 0.06, "b": 0.05, "c": 0.04})
    ranking = ranked(scores).drop("uniform")
    smallest = ranking["p_value"].idxmin()
    assert ranking.loc[smallest, "p_value_holm"] == pytest.approx(3 * ranking.loc[smallest, "p_value"])
    assert (ranking["p_value_holm"] >= ranking["p_value"]).all()


def test_interval_and_test_are_the_same_statement() -> None:
    scores = arena(np.random.default_rng(7), {"uniform": 0, "a": 0.05, "b": 0.02, "c": -0.03, "d": 0.0})
    ranking = ranked(scores).drop("uniform")
    excluded = (ranking["ci_low"] > 0) | (ranking["ci_high"] < 0)
    assert excluded.tolist() == (ranking["p_value"] < 0.05).tolist()
    assert 0 < excluded.sum() < 4


def test_methods_that_agree_everywhere_still_have_an_interval() -> None:
    scores = arena(np.random.default_rng(8), {"uniform": 0})
    row = ranked(pd.concat([scores, scores.assign(method="same")])).loc["same"]
    assert row["ci_low"] < 0 == row["difference"] < row["ci_high"]
    assert row["p_value"] == 1


def test_the_detectable_difference_is_found_four_times_in_five() -> None:
    """By hand for a noise of seeds alone, which has S - 1 degrees of freedom."""
    gain = (t.ppf(0.975, 4) + t.ppf(0.8, 4)) * np.sqrt((0.04**2 + 0.1**2 / 24) / 5)
    noise = {"seed_sd": 0.04, "answer_sd": 0.1}
    ranking = against_a_constant(np.random.default_rng(9), gain, 200, seeds=5, items=12, **noise)
    assert 0.74 <= (ranking["p_value"] < 0.05).mean() <= 0.86
    assert ranking["detectable_difference"].mean() == pytest.approx(gain, rel=0.15)


def test_a_missing_answer_is_named() -> None:
    scores = arena(np.random.default_rng(0), {"uniform": 0, "x": 0})
    gone = (scores["method"] == "x") & (scores["seed"] == 2) & (scores["item_id"] == "item-007")
    with pytest.raises(InputError, match=r"2 answers are missing.*x with seed 2.*item-007"):
        rank_methods(scores[~gone], "uniform")


@pytest.mark.parametrize("value", [np.nan, 1.5])
def test_a_score_that_is_none_is_named(value: float) -> None:
    scores = arena(np.random.default_rng(0), {"uniform": 0, "x": 0})
    scores.loc[3, "score"] = value
    with pytest.raises(InputError, match=r"uniform with seed 0: (nan|1.5).*record item-003"):
        rank_methods(scores, "uniform")


@pytest.mark.parametrize(
    ("settings", "message"), [({"seeds": 1}, "one seed"), ({"items": 1}, "one item of the ability ability-0")]
)
def test_one_seed_or_item_tells_nothing_of_another(settings: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        rank_methods(arena(np.random.default_rng(0), {"uniform": 0, "x": 0}, **settings), "uniform")


def test_a_reference_that_is_no_method_and_a_doubled_row_are_refused() -> None:
    scores = arena(np.random.default_rng(0), {"uniform": 0})
    with pytest.raises(InputError, match="'lima' is none of"):
        balanced_answers(scores, "lima")
    with pytest.raises(InputError, match="more than one score"):
        balanced_answers(pd.concat([scores, scores.tail(1)]), "uniform")
