"""Vectors at length one, so that their products are cosines."""

import numpy as np

BLOCK_ROWS = 1024


def unit_rows(points: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(R, D) `rows` of `points` (N, D) at length one, in their own type of float; a zero row stays zero."""
    kind = np.float32 if points.dtype == np.float32 else np.float64
    unit = np.empty((len(rows), points.shape[1]), dtype=kind)
    for start in range(0, len(rows), BLOCK_ROWS):
        block = points[rows[start : start + BLOCK_ROWS]].astype(np.float64)
        largest = np.abs(block).max(axis=1, keepdims=True, initial=0.0)
        block /= np.where(largest > 0, largest, 1.0)  # squares can now neither overflow nor vanish
        norms = np.sqrt(np.einsum("nd,nd->n", block, block))[:, None]
        unit[start : start + len(block)] = block / np.where(norms > 0, norms, 1.0)
    return unit
