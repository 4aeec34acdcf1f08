"""Vendi score: how many clearly different records a set is worth.

Friedman and Dieng 2022 (arXiv 2210.02410); DiverseEvol (arXiv 2311.08182) measures its selections by it.

    exp(-sum_k λ_k log λ_k),  λ the eigenvalues of K / n,  K_ij = cos(x_i, x_j)

n records that have nothing in common score n, n copies of one score 1. The eigenvalues that are not zero are
those of X'X / n too, so the smaller of the two matrices is taken: O(n·D·min(n, D)) time, min(n, D)² memory.
Departure: vectors of length zero have no cosine; they count as one direction of their own.
"""

import numpy as np

from instruction_tuning.selection.unit_rows import BLOCK_ROWS, unit_rows


def vendi_score(points: np.ndarray) -> float:
    """From 1 to n for `points` (n, D); NaN for none."""
    count, dimensions = points.shape
    if not count:
        return float("nan")
    unit = unit_rows(points, np.arange(count))
    empty = count - int(unit.any(axis=1).sum())
    if count <= dimensions:
        rows = unit.astype(np.float64)
        products = rows @ rows.T  # (n, n)
    else:
        products = np.zeros((dimensions, dimensions))
        for start in range(0, count, BLOCK_ROWS):
            block = unit[start : start + BLOCK_ROWS].astype(np.float64)
            products += block.T @ block  # (D, D)
    shares = np.append(np.linalg.eigvalsh(products), empty) / count
    shares = shares[shares > 0]  # rounding takes those that are zero below it
    return float(np.exp(-(shares * np.log(shares)).sum()))
