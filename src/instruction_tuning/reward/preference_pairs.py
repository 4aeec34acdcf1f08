"""Pairs of a better and a worse answer, from ratings.

Of K rated answers to a prompt all C(K, 2) pairs are taken (Ouyang et al. 2022, arXiv 2203.02155; from
1-10 ratings in GPT-4-LLM, arXiv 2304.03277); equal ratings say nothing and are dropped. O(records · K^2).

Departures. A rater is noisy: of two equally good answers one gets a point more by chance, and such pairs
would be half of all. `min_margin` keeps them out of training; the test keeps every pair, so that the
accuracy can be stated for all of them and for the clear ones. With `check_then_rating` an answer that a
check passed beats one that it failed, whatever the ratings say: raters favour fluent wrong answers.
"""

import hashlib
from collections.abc import Collection, Hashable, Mapping, Set
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.schemas.pair_decisions import (
    BELOW_MIN_MARGIN,
    BEYOND_MAX_PAIRS,
    LEFT_OUT,
    OVERLENGTH,
    TIE,
)
from instruction_tuning.seeds import substream_seed

COLUMNS = [
    "pair_id",
    "record_id",
    "messages",
    "chosen",
    "rejected",
    "chosen_rating",
    "rejected_rating",
    "margin",
    "decided_by_check",
    "split",
]
DECISION_COLUMNS = [
    "pair_id",
    "record_id",
    "chosen_response_id",
    "rejected_response_id",
    "chosen_rating",
    "rejected_rating",
    "decided_by_check",
    "decision",
    "reason",
]
_PAIR_COLUMNS = [
    *("pair_id", "record_id", "chosen_response_id", "rejected_response_id", "messages"),
    *("chosen", "rejected", "chosen_rating", "rejected_rating", "margin", "decided_by_check"),
]
_Answer = Mapping[Hashable, Any]
Preference = Literal["rating", "check_then_rating"]


@dataclass(frozen=True)
class PairCounts:
    """What became of the answers and their pairs."""

    responses: int
    unrated: int
    ties_dropped: int
    below_min_margin: int
    beyond_max_pairs: int
    pairs: int


def build_preference_pairs(
    rated_responses: pd.DataFrame,
    *,
    test_records: Set[str],
    preference: Preference,
    min_margin: float,
    max_pairs: int,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pairs (see schemas.preference_pairs), and what became of every pair (schemas.pair_decisions).

    Unrated answers are left out; two answers of equal rating, or of the same text, are a tie. The test
    split is the pairs of `test_records`, all others are for training if their ratings differ by `min_margin`
    points or if a check decided; above `max_pairs` of those, the ones that the seed draws stay. Raises
    `InputError` where no pair is left to train on.
    """
    every = ranked_pairs(rated_responses, preference)
    ties = int(every["is_tie"].sum())
    if ties == len(every):
        rated = int(rated_responses["rating"].notna().sum())
        raise InputError(
            f"no preference pair: {rated} of {len(rated_responses)} answers are rated, {ties} are ties",
            fix="generate two answers a query or more (answer_generation), and have them rated",
        )
    pairs = every[~every["is_tie"]]
    is_test = pairs["record_id"].isin(test_records)
    if is_test.all():
        raise InputError(
            f"all {len(pairs)} preference pairs are of held-out records, so none is left to train on",
            record=pairs["record_id"].iloc[0],
            field="record_id",
            fix="rate the answers of more queries (query_selection.budget)",
        )
    pairs = pairs.assign(split=is_test.map({True: "test", False: "train"}))
    unclear = (pairs["split"] == "train") & ~is_clear(pairs, min_margin)
    if unclear.sum() == (~is_test).sum():
        raise InputError(
            f"the ratings of all {unclear.sum()} training pairs are less than {min_margin:g} points apart",
            field="reward_model.min_margin",
            fix="lower it, to 0 for every pair that is no tie",
        )
    clear = pairs[~unclear]
    kept = _at_most(clear, max_pairs, seed)
    reasons = every["is_tie"].map({True: TIE, False: None}).astype("str")
    reasons[unclear.index[unclear]] = BELOW_MIN_MARGIN
    reasons[clear.index.difference(kept.index)] = BEYOND_MAX_PAIRS
    split = every["record_id"].isin(test_records).map({True: "test", False: "train"})
    decisions = every.assign(decision=split.where(reasons.isna(), LEFT_OUT), reason=reasons)
    return kept[COLUMNS].reset_index(drop=True), decisions[DECISION_COLUMNS]


def ranked_pairs(rated_responses: pd.DataFrame, preference: Preference) -> pd.DataFrame:
    """Every pair of rated answers to one prompt, by record and ids: the columns of a pair, and `is_tie`.

    In a tie the smaller response id is the chosen one.
    """
    rated = rated_responses[rated_responses["rating"].notna()]
    rows: list[dict[str, Any]] = []
    for _, answers in rated.sort_values(["record_id", "response_id"]).groupby("record_id", sort=True):
        for first, second in combinations(answers.to_dict(orient="records"), 2):
            better = _better(first, second, preference)
            worse = first if better is second else second
            by_check = better is not None and _check_decides(first, second, preference)
            rows.append(_pair(better or first, worse, by_check=by_check) | {"is_tie": better is None})
    return pd.DataFrame(rows, columns=[*_PAIR_COLUMNS, "is_tie"]).astype({"is_tie": "bool"})


def pair_counts(rated_responses: pd.DataFrame, decisions: pd.DataFrame) -> PairCounts:
    """Counted from the answers and from what became of their pairs; `pairs` holds those that are too long."""
    reasons = decisions["reason"]
    return PairCounts(
        responses=len(rated_responses),
        unrated=int(rated_responses["rating"].isna().sum()),
        ties_dropped=int((reasons == TIE).sum()),
        below_min_margin=int((reasons == BELOW_MIN_MARGIN).sum()),
        beyond_max_pairs=int((reasons == BEYOND_MAX_PAIRS).sum()),
        pairs=int((reasons.isna() | (reasons == OVERLENGTH)).sum()),
    )


def leave_out_overlength(decisions: pd.DataFrame, overlength: Collection[str]) -> pd.DataFrame:
    """`decisions` with the pairs that are named in `overlength` left out for their length."""
    is_long = decisions["pair_id"].isin(overlength)
    return decisions.assign(
        decision=decisions["decision"].mask(is_long, LEFT_OUT),
        reason=decisions["reason"].mask(is_long, OVERLENGTH),
    )


def is_clear(pairs: pd.DataFrame, min_margin: float) -> "pd.Series[bool]":
    """Whether a pair's ratings are `min_margin` points apart, or a check decided it."""
    return pairs["decided_by_check"] | (pairs["margin"] >= min_margin)


def _better(first: _Answer, second: _Answer, preference: Preference) -> _Answer | None:
    """The better of two answers, or null for a tie."""
    if first["response"] == second["response"]:
        return None
    if _check_decides(first, second, preference):
        return first if first["check"] == "passed" else second
    if first["rating"] == second["rating"]:
        return None
    return first if first["rating"] > second["rating"] else second


def _check_decides(first: _Answer, second: _Answer, preference: Preference) -> bool:
    return preference == "check_then_rating" and {first["check"], second["check"]} == {"passed", "failed"}


def _pair(chosen: _Answer, rejected: _Answer, *, by_check: bool) -> dict[str, Any]:
    key = f"{chosen['response_id']}\x1f{rejected['response_id']}"
    return {
        "pair_id": hashlib.sha256(key.encode()).hexdigest()[:16],
        "record_id": chosen["record_id"],
        "chosen_response_id": chosen["response_id"],
        "rejected_response_id": rejected["response_id"],
        "messages": chosen["messages"],
        "chosen": chosen["response"],
        "rejected": rejected["response"],
        "chosen_rating": float(chosen["rating"]),
        "rejected_rating": float(rejected["rating"]),
        "margin": float(chosen["rating"]) - float(rejected["rating"]),
        "decided_by_check": by_check,
    }


def _at_most(pairs: pd.DataFrame, max_pairs: int, seed: int) -> pd.DataFrame:
    train = pairs.loc[pairs["split"] == "train", "pair_id"]
    order = sorted(train, key=lambda name: (substream_seed(seed, "pair", name), name))
    return pairs[~pairs["pair_id"].isin(order[max_pairs:])]
