"""Vectors as places on a plane, for maps: the two directions of largest variance (PCA).

Distances shrink, none is invented, and every point has its place whichever others are drawn. O(N · D^2).
"""

import numpy as np


def main_axes(vectors: np.ndarray) -> np.ndarray:
    """(N, 2): the rows on the two directions of largest variance, signs fixed; zeros where there are none."""
    if len(vectors) < 2 or vectors.shape[1] < 2:
        return np.zeros((len(vectors), 2))
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)  # ascending, so the last two columns: (D, D)
    main = axes[:, [-1, -2]]
    strongest = main[np.abs(main).argmax(axis=0), [0, 1]]
    return centred @ (main * np.where(strongest < 0, -1.0, 1.0))
