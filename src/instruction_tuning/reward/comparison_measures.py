"""What a judge's scores of compared answers are worth: saturation, ties, places, its own answers.

In the data of GPT-4-LLM (arXiv 2304.03277) about 69% of the pairs of the two strong models are ties and the
scale saturates at 9; a judge favours places and its own answers (MT-Bench, arXiv 2306.05685).
O(answers · orders).

    place effect of p        mean over answers of (rating in place p - mean of the answer over all orders)
    order consistency        share of pairs of different answers with one verdict in all orders
    self-preference          mean score of the judge's own answers - that of the others, over queries with
                             both; again among answers with the same check, where quality is held equal

Intervals: percentile bootstrap over queries. What was not measured is left out, never 0.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from instruction_tuning.statistics.bootstrap import bootstrap_interval
from instruction_tuning.statistics.intervals import Interval
from instruction_tuning.verification.rating_form import HIGHEST_RATING

SATURATED = HIGHEST_RATING - 1


def comparison_metrics(compared: pd.DataFrame, pairs: pd.DataFrame, *, seed: int) -> dict[str, float]:
    """The figures of the module's head by name; `<model>/…` are those of one model."""
    scored = compared[compared["score"].notna()]
    metrics = {
        "queries": float(compared["record_id"].nunique()),
        "models": float(compared["model"].nunique()),
        "answers": float(compared["response"].notna().sum()),
        "scored": float(len(scored)),
        "unscored": float((compared["response"].notna() & compared["score"].isna()).sum()),
        "no_answer": float(compared["response"].isna().sum()),
        "pairs": float(len(pairs)),
    }
    if len(scored):
        metrics["saturation_rate"] = float((scored["score"] >= SATURATED).mean())
        metrics["highest_score_rate"] = float((scored["score"] == HIGHEST_RATING).mean())
    if len(pairs):
        metrics["tie_rate"] = float(pairs["tie"].mean())
        metrics["less_than_a_point_rate"] = float(((pairs["margin"].abs() < 1) & ~pairs["tie"]).mean())
        metrics["same_text_rate"] = float(pairs["same_text"].mean())
    for model, rows in compared.groupby("model"):
        scores = rows["score"].dropna()
        metrics[f"{model}/scored"] = float(len(scores))
        if len(scores):
            metrics |= _with_limits(f"{model}/mean_score", _mean(scores, rows["record_id"], seed))
            metrics[f"{model}/saturation_rate"] = float((scores >= SATURATED).mean())
    return metrics | _place_metrics(compared, seed) | _self_preference(scored, seed) | _ways(compared)


def win_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """A row a pair of models: how often the first wins, ties and loses."""
    rows = []
    for first, second in combinations(sorted({*pairs["chosen_model"], *pairs["rejected_model"]}), 2):
        won = (pairs["chosen_model"] == first) & (pairs["rejected_model"] == second)
        lost = (pairs["chosen_model"] == second) & (pairs["rejected_model"] == first)
        tied = pairs["tie"] & (won | lost)
        rows.append(
            {
                "first": first,
                "second": second,
                "wins": int((won & ~tied).sum()),
                "ties": int(tied.sum()),
                "losses": int((lost & ~tied).sum()),
            }
        )
    return pd.DataFrame(rows, columns=["first", "second", "wins", "ties", "losses"])


def place_effects(compared: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """By number of answers shown and place: mean deviation from the answer's own mean, with its limits."""
    rows = []
    for (places, place), group in _places(compared).groupby(["places", "place"]):
        found = _mean(group["deviation"], group["record_id"], seed)
        rows.append((int(str(places)), int(str(place)), len(group), found.estimate, found.low, found.high))
    return pd.DataFrame(rows, columns=["places", "place", "ratings", "effect", "low", "high"])


def _places(compared: pd.DataFrame) -> pd.DataFrame:
    """A row a rating side by side of an answer that every order rated; equal texts of a query once."""
    rows = []
    read = compared[compared["joint_score"].notna()].drop_duplicates(["record_id", "response"])
    shown = read.groupby("record_id")["response"].transform("size")
    for record_id, count, mean, ratings, places in zip(
        *(read["record_id"], shown, read["joint_score"], read["joint_scores"], read["joint_places"]),
        strict=True,
    ):
        # Only where all orders were asked does an answer's own mean hold no place.
        if count > 1 and len(ratings) == len(set(places)) == count:
            rows += [
                (record_id, count, place, rating - mean)
                for rating, place in zip(ratings, places, strict=True)
            ]
    return pd.DataFrame(rows, columns=["record_id", "places", "place", "deviation"])


def _place_metrics(compared: pd.DataFrame, seed: int) -> dict[str, float]:
    places = _places(compared)
    if places.empty:
        return {}
    ends = places[(places["place"] == 1) | (places["place"] == places["places"])]
    signs = np.where(ends["place"] == 1, 1.0, -1.0)
    by_query = (ends["deviation"] * signs).groupby(ends["record_id"]).sum()
    answers = places.groupby("record_id")["places"].first()
    found = bootstrap_interval(by_query.to_numpy(), answers.loc[by_query.index].to_numpy(float), seed=seed)
    metrics = _with_limits("first_minus_last_place", found)
    verdicts = list(_same_verdicts(compared))
    if verdicts:
        metrics["order_consistency_rate"] = float(np.mean(verdicts))
    return metrics


def _same_verdicts(compared: pd.DataFrame) -> Iterator[bool]:
    """Whether the orders agree, of every pair of different answers that each of several orders rated."""
    read = compared[compared["joint_score"].notna()].drop_duplicates(["record_id", "response"])
    for _, answers in read.groupby("record_id"):
        for first, second in combinations(answers["joint_scores"], 2):
            if len(first) > 1:
                yield len({np.sign(a - b) for a, b in zip(first, second, strict=True)}) == 1


def _self_preference(scored: pd.DataFrame, seed: int) -> dict[str, float]:
    metrics: dict[str, float] = {}
    for name, strata in (
        ("self_preference", ["record_id"]),
        ("self_preference_same_check", ["record_id", "check"]),
    ):
        rows = scored if len(strata) == 1 else scored[scored["check"] != "none"]
        means = rows.groupby([*strata, "is_judges_own"])["score"].mean().unstack("is_judges_own")
        if {True, False} <= set(means.columns):
            gap = (means[True] - means[False]).dropna()
            if len(gap):
                records = pd.Series(gap.index.get_level_values("record_id"), index=gap.index)
                metrics |= _with_limits(name, _mean(gap, records, seed))
    return metrics


def _ways(compared: pd.DataFrame) -> dict[str, float]:
    """How far the two ways of asking agree, where both were used."""
    both = compared[compared["alone_score"].notna() & compared["joint_score"].notna()]
    if both.empty:
        return {}
    return {
        "alone_minus_joint": float((both["alone_score"] - both["joint_score"]).mean()),
        "alone_saturation_rate": float((both["alone_score"] >= SATURATED).mean()),
        "joint_saturation_rate": float((both["joint_score"] >= SATURATED).mean()),
    }


def _mean(values: "pd.Series[float]", records: "pd.Series[Any]", seed: int) -> Interval:
    by_query = values.groupby(records.loc[values.index])
    return bootstrap_interval(by_query.sum().to_numpy(), by_query.size().to_numpy(float), seed=seed)


def _with_limits(name: str, found: Interval) -> dict[str, float]:
    return {name: found.estimate, f"{name}_ci_low": found.low, f"{name}_ci_high": found.high}
