"""Overlap: how much of two selections is the same.

    Jaccard = |A ∩ B| / |A ∪ B|

It grows with the budget: two random selections of a tenth of the pool share a tenth of each. O(S²·K) for S
selections of K records.
"""

from collections.abc import Collection, Mapping

import pandas as pd


def overlap(selections: Mapping[str, Collection[str]]) -> pd.DataFrame:
    """(S, S) Jaccard of every two of `selections`, record ids by name; NaN where nothing can be shared."""
    sets = {name: set(records) for name, records in selections.items()}
    rates = [[_rate(len(one & other), len(one | other)) for other in sets.values()] for one in sets.values()]
    return pd.DataFrame(rates, index=list(sets), columns=list(sets), dtype="float64")


def _rate(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
