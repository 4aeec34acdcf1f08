"""Why each record was taken or left, in words, and the number behind the words.

For k-center the reason is the distance to the nearest record picked before, worked out again from the
picks: O(K^2 · D) for K picks; for what was left, to the nearest of all picks: O(N · K · D), as the picking
itself. In blocks.
"""

import numpy as np
import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.selection.samplers.reason_rows import reason_rows

BLOCK_ROWS = 512

SELECTED, NOT_SELECTED = "selected", "not_selected"


def decisions_frame(method: str, reasons: pd.DataFrame, taken: int) -> pd.DataFrame:
    """(N, 7) decisions from `reasons` (by reason_rows.py), of which the first `taken` rows are selected.

    See schemas.selection_decisions; `sampler` is the name of the method.
    """
    count = len(reasons)
    return pd.DataFrame(
        {
            "record_id": reasons["record_id"].to_numpy(),
            "sampler": method,
            "decision": [SELECTED] * taken + [NOT_SELECTED] * (count - taken),
            "rank": pd.Series([*range(taken), *[None] * (count - taken)], dtype="Int64"),
            "selection_score": reasons["selection_score"].to_numpy(dtype=np.float64),
            "nearest_selected": reasons["nearest_selected"].reset_index(drop=True).astype("str"),
            "reason": reasons["reason"].to_numpy(),
        }
    )


def uniform_reasons(
    picks: list[str], scores: pd.Series, features: pd.DataFrame | None, *, seed: int
) -> pd.DataFrame:
    """(N, 4) the number of each draw; see reason_rows.py."""
    taken, count = len(picks), len(scores)
    left = f"uniform draw (seed {seed}): after the {taken} of the budget"
    reasons = dict.fromkeys(scores.index, left)
    for number, record in enumerate(picks, start=1):
        reasons[record] = f"uniform draw {number} of {taken} from {count} records (seed {seed})"
    return reason_rows(picks, pd.Series(np.nan, index=scores.index), reasons)


def k_center_reasons(
    picks: list[str], scores: pd.Series, features: pd.DataFrame | None, *, seed: int
) -> pd.DataFrame:
    """(N, 4) how far each record is from the picks; `features` (>= N, D). See reason_rows.py.

    The score is the distance to the nearest earlier pick, null for the first; of a record that was left, to
    the nearest pick of all.
    """
    if features is None:
        raise InputError("k-center goes by embeddings, and there are none", fix="embed the pool first")
    chosen = set(picks)
    others = sorted(record_id for record_id in scores.index if record_id not in chosen)
    points = features.loc[picks].to_numpy(copy=False)  # (K, D)
    nearest, distances = nearest_earlier(points)
    near_others, far = nearest_of(features.loc[others].to_numpy(copy=False), points)
    reasons = {picks[0]: f"k-center pick 1: the first centre, chosen by seed {seed}"} if picks else {}
    for row, record in enumerate(picks[1:], start=1):
        reasons[record] = (
            f"k-center pick {row + 1}: distance {distances[row]:.2f} to nearest already selected record "
            f"{picks[nearest[row]]}"
        )
    left = f"k-center: none of the {len(picks)} farthest from what was selected before"
    reasons |= dict.fromkeys(others, left)
    ordered = [*picks, *others]
    named = dict(zip(ordered, (*nearest, *near_others), strict=True))
    near = {record: picks[row] for record, row in named.items() if row >= 0}
    return reason_rows(picks, pd.Series(np.concatenate([distances, far]), index=ordered), reasons, near)


def nearest_earlier(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each row of `points` (K, D), the nearest row above it and its distance; -1 and NaN for row 0."""
    count = len(points)
    squared_norms = np.einsum("kd,kd->k", points, points)  # (K,)
    nearest = np.full(count, -1)
    distances = np.full(count, np.nan)
    for start in range(0, count, BLOCK_ROWS):
        stop = min(start + BLOCK_ROWS, count)
        squared = (
            squared_norms[start:stop, None]
            + squared_norms[None, :stop]
            - 2.0 * points[start:stop] @ points[:stop].T
        )  # (block, stop)
        not_earlier = np.arange(stop)[None, :] >= np.arange(start, stop)[:, None]
        squared = np.where(not_earlier, np.inf, np.maximum(squared, 0.0))
        first = 1 if start == 0 else 0
        nearest[start + first : stop] = squared[first:].argmin(axis=1)
        distances[start + first : stop] = np.sqrt(squared[first:].min(axis=1))
    return nearest, distances


def nearest_of(points: np.ndarray, picks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each row of `points` (M, D), the nearest row of `picks` (K, D), one at least, and its distance."""
    nearest = np.empty(len(points), dtype=np.int64)
    distances = np.empty(len(points))
    pick_norms = np.einsum("kd,kd->k", picks, picks)  # (K,)
    for start in range(0, len(points), BLOCK_ROWS):
        block = points[start : start + BLOCK_ROWS]
        norms = np.einsum("md,md->m", block, block)  # (block,)
        squared = norms[:, None] + pick_norms[None, :] - 2.0 * block @ picks.T  # (block, K)
        rows = slice(start, start + len(block))
        nearest[rows] = squared.argmin(axis=1)
        distances[rows] = np.sqrt(np.maximum(squared.min(axis=1), 0.0))
    return nearest, distances
