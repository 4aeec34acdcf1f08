"""Why each record was taken or left, in words, and the number behind the words.

For k-center the reason is the distance to the nearest record picked before, worked out again from the
picks: O(K^2 · D) for K picks; for what was left, to the nearest of all picks: O(N · K · D), as the picking
itself. In blocks.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

BLOCK_ROWS = 512

SELECTED, NOT_SELECTED = "selected", "not_selected"


def uniform_decisions(drawn: list[str], budget: int, *, seed: int) -> pd.DataFrame:
    """(N, 6) decisions on `drawn`, the whole pool in the order drawn; see schemas.selection_decisions."""
    taken = min(budget, len(drawn))
    reasons = [
        f"uniform draw {rank} of {taken} from {len(drawn)} records (seed {seed})"
        for rank in range(1, taken + 1)
    ]
    left = f"uniform draw (seed {seed}): after the {taken} of the budget"
    return _frame(
        drawn,
        taken,
        np.full(len(drawn), np.nan),
        [None] * len(drawn),
        reasons + [left] * (len(drawn) - taken),
    )


def k_center_decisions(
    picks: list[str], pool: Iterable[str], embeddings: pd.DataFrame, *, seed: int
) -> pd.DataFrame:
    """(N, 6) decisions on the records of `pool` (N): picks first, then the others. `embeddings` (>= N, D).

    The score is the distance to the nearest earlier pick, null for the first; of a record that was left, to
    the nearest pick of all.
    """
    chosen = set(picks)
    others = sorted(record_id for record_id in pool if record_id not in chosen)
    points = embeddings.loc[picks].to_numpy(copy=False)  # (K, D)
    nearest, distances = nearest_earlier(points)
    near_others, far = nearest_of(embeddings.loc[others].to_numpy(copy=False), points)
    reasons = [f"k-center pick 1: the first centre, chosen by seed {seed}"] if picks else []
    reasons += [
        f"k-center pick {row + 1}: distance {distances[row]:.2f} to nearest already selected record "
        f"{picks[nearest[row]]}"
        for row in range(1, len(picks))
    ]
    left = f"k-center: none of the {len(picks)} farthest from what was selected before"
    return _frame(
        picks + others,
        len(picks),
        np.concatenate([distances, far]),
        [picks[row] if row >= 0 else None for row in (*nearest, *near_others)],
        reasons + [left] * len(others),
    )


def _frame(
    record_ids: list[str], taken: int, scores: np.ndarray, nearest: list[str | None], reasons: list[str]
) -> pd.DataFrame:
    count = len(record_ids)
    ranks = pd.array([*range(taken), *[pd.NA] * (count - taken)], dtype="Int64")
    return pd.DataFrame(
        {
            "record_id": record_ids,
            "decision": [SELECTED] * taken + [NOT_SELECTED] * (count - taken),
            "rank": ranks,
            "selection_score": scores.astype("float64"),
            "nearest_selected": pd.array(nearest, dtype="str"),
            "reason": reasons,
        }
    )


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
