"""Which of some rows stands nearest to each of others, and how far away, in float64 and in blocks.

The product finds the nearest, differences give the distance, so that copies are at distance zero however long
they are. O(R·C·D) for R rows and C others; memory is the answers and a few blocks.
"""

import numpy as np

BLOCK_ROWS = 1024


def nearest_rows(
    points: np.ndarray, rows: np.ndarray, others: np.ndarray, *, leave_out: np.ufunc | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Of each of the `rows` (R,) of `points` (N, D), the nearest of its rows `others` (C,), and its squared
    distance, (R,) each; -1 and infinity where there is none.

    `leave_out` compares a row with each of the others: `np.equal` leaves out itself. Of equally near ones the
    first, but for rounding.
    """
    nearest = np.full(len(rows), -1)
    squared = np.full(len(rows), np.inf)
    for first in range(0, len(others), BLOCK_ROWS):
        near_rows = others[first : first + BLOCK_ROWS]
        near = points[near_rows].astype(np.float64)  # (C, D)
        norms = np.einsum("cd,cd->c", near, near)
        for start in range(0, len(rows), BLOCK_ROWS):
            here = slice(start, start + BLOCK_ROWS)
            block = points[rows[here]].astype(np.float64)
            apart = norms - 2.0 * (block @ near.T)  # (block, C) squared, without the norms of the rows
            if leave_out is not None:
                apart[leave_out(rows[here][:, None], near_rows)] = np.inf
            best = apart.argmin(axis=1)
            is_out = np.isinf(apart[np.arange(len(best)), best])
            differences = block - near[best]
            distances = np.where(is_out, np.inf, np.einsum("nd,nd->n", differences, differences))
            is_nearer = distances < squared[here]
            nearest[here][is_nearer] = near_rows[best[is_nearer]]
            squared[here][is_nearer] = distances[is_nearer]
    return nearest, squared


def nearest_earlier(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each row of `points` (K, D), the nearest row above it, and its squared distance."""
    rows = np.arange(len(points))
    return nearest_rows(points, rows, rows, leave_out=np.less_equal)
