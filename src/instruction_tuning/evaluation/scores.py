"""From scored answers to mean scores, and from two models' answers to paired differences.

A score in [0, 1] counts as so much of a right answer. Intervals treat it as a proportion, whose variance is
the largest that a score of that mean can have: partial credit makes them wider than need be, never narrower.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.schemas.benchmark_metrics import MACRO
from instruction_tuning.statistics.intervals import Interval, macro_interval, wilson_interval
from instruction_tuning.statistics.paired import (
    PairedCounts,
    p_value_above,
    p_value_below,
    paired_difference,
)


def benchmark_metrics(outputs: pd.DataFrame, *, confidence: float) -> pd.DataFrame:
    """Mean score with its interval, items and extraction rate by model role, form and ability.

    Ability `macro` is the mean of the counted abilities' figures, each with the same weight.
    """
    rows = []
    for (role, form), answers in outputs.groupby(["model_role", "form"], sort=True):
        by_ability = (
            answers.assign(readable=answers["extracted"].notna())
            .groupby("ability", sort=True)
            .agg(
                right=("score", "sum"),
                items=("score", "size"),
                readable=("readable", "mean"),
                counted=("counted", "all"),
            )
        )
        for ability, counts in by_ability.to_dict("index").items():
            interval = wilson_interval(float(counts["right"]), int(counts["items"]), confidence)
            rows.append(_metric(role, ability, form, interval, counts))
        counted = by_ability[by_ability["counted"]]
        macro = macro_interval(counted["right"].tolist(), counted["items"].tolist(), confidence)
        total = {"items": counted["items"].sum(), "readable": counted["readable"].mean(), "counted": True}
        rows.append(_metric(role, MACRO, form, macro, total))
    return pd.DataFrame(rows)


def benchmark_comparisons(outputs: pd.DataFrame, *, confidence: float) -> pd.DataFrame:
    """The candidate against every other role, item by item, by form and ability, `macro` last.

    `p_value_gain` and `p_value_loss` are one-sided, against "no better" and "no worse".
    """
    candidate = outputs[outputs["model_role"] == "candidate"]
    rows = []
    for role in sorted(set(outputs["model_role"]) - {"candidate"}):
        pairs = _paired(candidate, outputs[outputs["model_role"] == role], role)
        for form, of_form in pairs.groupby("form", sort=True):
            strata = {
                (str(ability), bool(counted)): _counts(pair["score"] - pair["score_reference"])
                for (ability, counted), pair in of_form.groupby(["ability", "counted"], sort=True)
            }
            rows += [
                _comparison(role, ability, form, [counts], confidence, counted=counted)
                for (ability, counted), counts in strata.items()
            ]
            decisive = [counts for (_, counted), counts in strata.items() if counted]
            rows.append(_comparison(role, MACRO, form, decisive, confidence, counted=True))
    return pd.DataFrame(rows)


def _counts(differences: pd.Series) -> PairedCounts:
    return PairedCounts(
        items=len(differences),
        gained=float(differences.clip(lower=0).sum()),
        lost=float(-differences.clip(upper=0).sum()),
    )


def _paired(candidate: pd.DataFrame, reference: pd.DataFrame, role: str) -> pd.DataFrame:
    keys = ["form", "ability", "item_id"]
    pairs = candidate[[*keys, "counted", "score"]].merge(
        reference[[*keys, "score"]],
        on=keys,
        how="outer",
        suffixes=("", "_reference"),
        indicator=True,
        validate="one_to_one",
    )
    alone = pairs[pairs["_merge"] != "both"]
    if not alone.empty:
        raise InputError(
            f"{len(alone)} answers of candidate and {role} are not about the same items",
            record=alone["item_id"].iloc[0],
            fix="measure both models on the same benchmark items with the same settings",
        )
    return pairs.astype({"counted": bool})


def _metric(
    role: object, ability: object, form: object, accuracy: Interval, counts: Mapping[Any, Any]
) -> dict[str, object]:
    return {
        "model_role": role,
        "ability": ability,
        "form": form,
        "accuracy": accuracy.estimate,
        "ci_low": max(accuracy.low, 0.0),
        "ci_high": min(accuracy.high, 1.0),
        "items": int(counts["items"]),
        "extraction_rate": float(counts["readable"]),
        "counted": bool(counts["counted"]),
    }


def _comparison(
    role: str, ability: str, form: object, strata: list[PairedCounts], confidence: float, *, counted: bool
) -> dict[str, object]:
    difference = paired_difference(strata, confidence)
    return {
        "reference_role": role,
        "ability": ability,
        "form": form,
        "difference": difference.estimate,
        "ci_low": difference.low,
        "ci_high": difference.high,
        "p_value_gain": p_value_above(strata),
        "p_value_loss": p_value_below(strata),
        "items": sum(counts.items for counts in strata),
        "gained": sum(counts.gained for counts in strata),
        "lost": sum(counts.lost for counts in strata),
        "counted": counted,
    }
