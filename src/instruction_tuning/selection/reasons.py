"""Why each record was taken, in words, and the number behind the words.

For k-center the reason is the distance to the nearest record picked before, worked out again from the
picks: O(K^2 · D) for K picks, in blocks.
"""

import numpy as np
import pandas as pd

BLOCK_ROWS = 512


def uniform_reasons(record_ids: list[str], *, pool_size: int, seed: int) -> pd.DataFrame:
    """(K, 3) record_id, selection_score (null: a draw has none), selected_because."""
    return pd.DataFrame(
        {
            "record_id": record_ids,
            "selection_score": np.full(len(record_ids), np.nan),
            "selected_because": [
                f"uniform draw {rank} of {len(record_ids)} from {pool_size} records (seed {seed})"
                for rank in range(1, len(record_ids) + 1)
            ],
        }
    )


def k_center_reasons(record_ids: list[str], embeddings: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """(K, 3) record_id, selection_score, selected_because.

    The score is the distance to the nearest earlier pick, null for the first.
    """
    nearest, distances = nearest_earlier(embeddings.loc[record_ids].to_numpy(copy=False))
    reasons = [f"k-center pick 1: the first centre, chosen by seed {seed}"] if record_ids else []
    reasons += [
        f"k-center pick {row + 1}: distance {distances[row]:.2f} to nearest already selected record "
        f"{record_ids[nearest[row]]}"
        for row in range(1, len(record_ids))
    ]
    return pd.DataFrame({"record_id": record_ids, "selection_score": distances, "selected_because": reasons})


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
