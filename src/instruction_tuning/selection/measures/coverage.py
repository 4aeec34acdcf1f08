"""Coverage: how near the records of a pool are to what was selected of them.

    d_i = min_{s in S} ||x_i - x_s||_2,   covered rate = share of the pool with d_i <= radius

The mean and the largest d_i are what facility location and k-center make small. A radius means something only
beside the distances of the pool itself; `median_neighbour_distance` gives one that does: half of the records
have another one within it. Selections are compared at one radius, that of the pool. O(N·K·D) for K selected
records (nearest_rows.py), in float64, whatever the embeddings are in.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.seeds import substream_seed
from instruction_tuning.selection.nearest_rows import nearest_rows


class Coverage(NamedTuple):
    """Distances from the records of a pool to the nearest selected one; the selected have distance zero."""

    covered_rate: float
    mean_distance: float
    largest_distance: float


def coverage(features: pd.DataFrame, selected: Sequence[str], *, radius: float) -> Coverage:
    """Of the pool `features` (N, D), by record id, through the records `selected` from it, one at least."""
    rows = _rows(features, selected)
    if not len(rows):
        raise InputError("nothing was selected, so nothing is near it", fix="measure a selection of records")
    points = features.to_numpy(copy=False)
    _, squared = nearest_rows(points, np.arange(len(points)), rows)
    distances = np.sqrt(squared)
    covered = float((distances <= radius).mean())
    return Coverage(covered, float(distances.mean()), float(distances.max()))


def median_neighbour_distance(features: pd.DataFrame, *, seed: int, sample: int = 2000) -> float:
    """The median distance of a record of `features` (N, D) to the nearest other one.

    Measured on `sample` records, drawn by `seed` and record id, against the whole pool; NaN for a single one.
    Exact copies are at distance zero, so a pool that is half copies has the radius zero.
    """
    if len(features) < 2:
        return float("nan")
    draws = sorted((substream_seed(seed, "coverage", record), record) for record in features.index)
    rows = _rows(features, [record for _, record in draws[:sample]])
    points = features.to_numpy(copy=False)
    _, squared = nearest_rows(points, rows, np.arange(len(points)), leave_out=np.equal)
    return float(np.median(np.sqrt(squared)))


def _rows(features: pd.DataFrame, record_ids: Sequence[str]) -> np.ndarray:
    rows = features.index.get_indexer(pd.Index(list(record_ids)))
    if (rows < 0).any():
        raise InputError(
            f"{int((rows < 0).sum())} selected records are not in the pool",
            record=record_ids[int(np.argmin(rows))],
            fix="measure a selection against the embeddings of the pool that it was made from",
        )
    return rows
