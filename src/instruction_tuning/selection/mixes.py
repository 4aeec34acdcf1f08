"""Several scores as one: places added up, or values multiplied.

A **weighted mix** puts the records in order by each score and adds up their places, so that no scale counts
for more than another. A **product mix** asks that a record be good in every respect:

    place(i) = (rank(i) - 1/2) / n, in (0, 1); equal scores share the mean of their ranks
    weighted = sum_k w_k place_k / sum_k w_k
    product  = prod_k v_k^w_k, of the scores as they are (complexity · quality of Deita, arXiv 2312.15685)

A record that lacks one of the scores is dropped (NaN, never picked), or, in a weighted mix, judged by those
that it has (`renormalise`: their weights become the whole). The latter puts records of few scores to the ends
of the order: one place spreads wider than the mean of three. O(scores · N log N).
Departure from Deita: a score belongs to a record, so the sum over the turns of a conversation is made before.
"""

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.selection.samplers.inputs import check_sampler_inputs
from instruction_tuning.selection.samplers.score_order import by_score

Missing = Literal["drop", "renormalise"]


def places(score: pd.Series) -> pd.Series:
    """(N,) in (0, 1), the best record highest; NaN stays NaN. Raises as `by_score` does."""
    known = by_score(score)
    return (score.rank(method="average") - 0.5) / len(known)


def weighted_mix(
    scores: Mapping[str, pd.Series], weights: Mapping[str, float], *, missing: Missing
) -> pd.Series:
    """`weighted_mix_score` in (0, 1) by record id, sorted, of all records of any of `scores` (up is better).

    A record outside of a score's index lacks it, as with NaN.
    """
    table = pd.DataFrame({name: places(score) for name, score in _checked(scores, weights).items()})
    return _combined(table, weights, missing).rename("weighted_mix_score")


def product_mix(
    scores: Mapping[str, pd.Series], weights: Mapping[str, float], *, missing: Missing
) -> pd.Series:
    """`product_mix_score` by record id, sorted: the product of scores above 0; `missing` can only be `drop`.

    The weights are exponents; 1 each is Deita's score.
    """
    checked = _checked(scores, weights)
    if missing == "renormalise":
        raise ConfigurationError(
            "a score that is missing cannot be made up for by others of another scale",
            field="missing",
            fix="set missing: drop",
        )
    for name, score in checked.items():
        by_score(score)  # refuses what is infinite or not there at all
        if (score <= 0).any():
            raise InputError(
                f"{int((score <= 0).sum())} records have a {name} that is not above 0, in a product",
                record=score.index[int(np.argmax(score <= 0))],
                field=name,
                fix="add the scores up by their places instead (combine: sum)",
            )
    mean = _combined(pd.DataFrame(checked).apply(np.log), weights, missing)
    return np.exp(mean * sum(weights.values())).rename("product_mix_score")


def _checked(scores: Mapping[str, pd.Series], weights: Mapping[str, float]) -> dict[str, pd.Series]:
    """The scores in the order of their names, so that sums come out alike whatever the order given."""
    if not weights or set(scores) != set(weights):
        raise ConfigurationError(
            f"weights for {sorted(weights)}, scores for {sorted(scores)}",
            field="weights",
            fix="give every score one weight",
        )
    for name, weight in weights.items():
        if not 0 < weight < math.inf:
            raise ConfigurationError(
                f"the weight of {name} is {weight}",
                field="weights",
                fix="give a number above 0",
            )
        if name.endswith("_loss"):
            raise ConfigurationError(
                f"{name} is better the lower it is, and a mix takes what is better the higher",
                field="weights",
                fix="hand it over negated, under a name of its own",
            )
    for name in scores:
        check_sampler_inputs(scores[name], None, 1)
    return {name: scores[name].astype("float64").rename(name) for name in sorted(scores)}


def _combined(table: pd.DataFrame, weights: Mapping[str, float], missing: Missing) -> pd.Series:
    """Weighted means of the rows of `table` (N, scores), sorted by record id."""
    table = table.sort_index()
    sums, present = np.zeros(len(table)), np.zeros(len(table))
    # Column by column: a row's sum then is the same bits wherever the row stands.
    for name in table.columns:
        values = table[name].to_numpy()
        known = ~np.isnan(values)
        sums += weights[name] * np.where(known, values, 0.0)
        present += weights[name] * known
    known_scores = table.notna().sum(axis=1).to_numpy()
    usable = known_scores == len(weights) if missing == "drop" else known_scores > 0
    return pd.Series(np.divide(sums, present, out=np.full(len(table), np.nan), where=usable), table.index)
