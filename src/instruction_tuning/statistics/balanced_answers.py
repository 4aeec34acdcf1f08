"""Scores of several methods, trained with the same seeds and measured on the same items, as one array.

What a comparison over seeds rests on: no gap, nothing twice. O(rows log rows).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from instruction_tuning.errors import InputError


@dataclass(frozen=True)
class BalancedAnswers:
    """`scores` (M, S, I) of methods, seeds and items, all sorted; the items of an ability stand together."""

    scores: np.ndarray
    methods: list[str]
    abilities: list[str]
    starts: np.ndarray  # (A,) first item of each ability
    sizes: np.ndarray  # (A,) its items

    def by_ability(self) -> np.ndarray:
        """(M, S, A) means over the items of each ability."""
        return self.ability_means(self.scores)

    def ability_means(self, values: np.ndarray) -> np.ndarray:
        """(..., A) from `values` (..., I) of these items."""
        return np.add.reduceat(values, self.starts, axis=-1) / self.sizes


def balanced_answers(scores: pd.DataFrame, reference: str) -> BalancedAnswers:
    """`method`, `seed`, `item_id`, `ability` and `score` as an array; an item is known by ability and id.

    Raises `InputError` where `reference` is no method, where a method lacks an answer that another has or has
    it twice, for a score that is missing or outside [0, 1], for a single seed and for an ability of one item.
    """
    _refuse_bad_rows(scores, reference)
    table = scores.pivot(index=["method", "seed"], columns=["ability", "item_id"], values="score")
    methods, seeds = (sorted(set(scores[name])) for name in ("method", "seed"))
    table = table.reindex(pd.MultiIndex.from_product([methods, seeds])).sort_index(axis=1)
    _refuse_gaps(table)
    counts = table.columns.get_level_values(0).value_counts(sort=False).sort_index()
    if len(seeds) < 2 or counts.min() < 2:
        what = "seed" if len(seeds) < 2 else f"item of the ability {counts.idxmin()}"
        raise InputError(
            f"one {what} does not tell how another would come out",
            fix="measure two at least; of a single run against another `statistics.paired` knows more",
        )
    return BalancedAnswers(
        scores=table.to_numpy().reshape(len(methods), len(seeds), -1),
        methods=methods,
        abilities=[str(ability) for ability in counts.index],
        starts=np.append(0, np.cumsum(counts.to_numpy())[:-1]),
        sizes=counts.to_numpy(),
    )


def _refuse_bad_rows(scores: pd.DataFrame, reference: str) -> None:
    valid = scores["score"].between(0, 1)  # false for NaN, too
    if not valid.all():
        row = scores[~valid].iloc[0]
        raise InputError(
            f"{int((~valid).sum())} scores are missing or outside [0, 1], the first that of {row['method']} "
            f"with seed {row['seed']}: {row['score']}",
            record=row["item_id"],
            field="score",
            fix="measure these answers again; one that could not be read counts as wrong, 0",
        )
    if reference not in set(scores["method"]):
        raise InputError(
            f"the reference {reference!r} is none of the methods {sorted(set(scores['method']))}",
            field="method",
            fix="name one of them as the reference",
        )
    doubled = scores[scores.duplicated(["method", "seed", "ability", "item_id"])]
    if len(doubled):
        row = doubled.iloc[0]
        raise InputError(
            f"{row['method']} with seed {row['seed']} has more than one score of an item",
            record=row["item_id"],
            fix="keep one row a method, seed and item",
        )


def _refuse_gaps(table: pd.DataFrame) -> None:
    missing = table.isna().to_numpy()
    if not missing.any():
        return
    row, column = (int(place) for place in np.argwhere(missing)[0])
    method, seed = table.index[row]
    raise InputError(
        f"{int(missing.sum())} answers are missing for a comparison on the same seeds and items, the first "
        f"that of {method} with seed {seed}",
        record=table.columns[column][1],
        fix="measure them, or leave that seed, item or method out everywhere",
    )
