"""Overlap: how much of one selection is in another.

    Jaccard = |A ∩ B| / |A ∪ B|,   share = |A ∩ B| / |A|

Both grow with the budget: two random selections of a tenth of the pool share a tenth. O(S²·K) for S
selections of K records.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import pandas as pd


class Overlap(NamedTuple):
    """Two (S, S) frames, rows and columns by the names of the selections; NaN where nothing can be shared."""

    jaccard: pd.DataFrame
    share: pd.DataFrame  # of the row's records, how many are the column's too


def overlap(selections: Mapping[str, Collection[str]]) -> Overlap:
    """Of every two of `selections`, record ids by the name of what selected them."""
    sets = {name: set(records) for name, records in selections.items()}
    names = list(sets)
    jaccard = [[_rate(len(sets[a] & sets[b]), len(sets[a] | sets[b])) for b in names] for a in names]
    share = [[_rate(len(sets[a] & sets[b]), len(sets[a])) for b in names] for a in names]
    return Overlap(
        pd.DataFrame(jaccard, index=names, columns=names, dtype="float64"),
        pd.DataFrame(share, index=names, columns=names, dtype="float64"),
    )


def _rate(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
