"""From answers to accuracies, and from two models' answers to paired differences."""

import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.statistics.intervals import Interval, macro_interval, wilson_interval
from instruction_tuning.statistics.paired import (
    PairedCounts,
    p_value_above,
    p_value_below,
    paired_difference,
)

MACRO = "macro"


def benchmark_metrics(outputs: pd.DataFrame, *, confidence: float) -> pd.DataFrame:
    """Accuracy with its interval, items and extraction rate by model role, form and ability.

    Ability `macro` is the mean of the abilities' figures, each with the same weight.
    """
    rows = []
    for (role, form), answers in outputs.groupby(["model_role", "form"], sort=True):
        by_ability = (
            answers.assign(readable=answers["extracted"].notna())
            .groupby("ability", sort=True)
            .agg(right=("correct", "sum"), items=("correct", "size"), readable=("readable", "mean"))
        )
        for ability, counts in by_ability.iterrows():
            interval = wilson_interval(int(counts["right"]), int(counts["items"]), confidence)
            rows.append(_metric(role, ability, form, interval, counts["items"], counts["readable"]))
        macro = macro_interval(by_ability["right"].tolist(), by_ability["items"].tolist(), confidence)
        items, readable = by_ability["items"].sum(), by_ability["readable"].mean()
        rows.append(_metric(role, MACRO, form, macro, items, readable))
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
                str(ability): PairedCounts(
                    items=len(pair),
                    gained=int((pair["correct"] & ~pair["correct_reference"]).sum()),
                    lost=int((~pair["correct"] & pair["correct_reference"]).sum()),
                )
                for ability, pair in of_form.groupby("ability", sort=True)
            }
            rows += [
                _comparison(role, ability, form, [counts], confidence) for ability, counts in strata.items()
            ]
            rows.append(_comparison(role, MACRO, form, list(strata.values()), confidence))
    return pd.DataFrame(rows)


def _paired(candidate: pd.DataFrame, reference: pd.DataFrame, role: str) -> pd.DataFrame:
    keys = ["form", "ability", "item_id"]
    pairs = candidate[[*keys, "correct"]].merge(
        reference[[*keys, "correct"]],
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
    return pairs.astype({"correct": bool, "correct_reference": bool})


def _metric(
    role: object, ability: object, form: object, accuracy: Interval, items: float, readable: float
) -> dict[str, object]:
    return {
        "model_role": role,
        "ability": ability,
        "form": form,
        "accuracy": accuracy.estimate,
        "ci_low": max(accuracy.low, 0.0),
        "ci_high": min(accuracy.high, 1.0),
        "items": int(items),
        "extraction_rate": float(readable),
    }


def _comparison(
    role: str, ability: str, form: object, strata: list[PairedCounts], confidence: float
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
    }
