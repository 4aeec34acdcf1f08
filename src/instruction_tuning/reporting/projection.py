"""Vectors as places on a plane, for maps.

**pca** (the default): the two directions of largest variance. Distances shrink, none is invented, and every
point has its place whichever others are drawn. O(N · D^2). **tsne**: van der Maaten and Hinton 2008, by
scikit-learn; neighbours stay neighbours, but the distances between groups and their sizes mean nothing, and
a place depends on what else is drawn. O(N log N), with a large constant: some seconds a thousand points.
"""

from typing import Literal

import numpy as np

from instruction_tuning.errors import ConfigurationError

Projection = Literal["pca", "tsne"]
MOST_TSNE_POINTS = 5_000


def projected(vectors: np.ndarray, shown: np.ndarray, *, projection: Projection, seed: int) -> np.ndarray:
    """(M, 2) places of the rows `shown` (M,) of `vectors` (N, D); for pca the axes are those of all rows."""
    if projection == "pca":
        return main_axes(vectors.astype(np.float64))[shown]
    if len(shown) > MOST_TSNE_POINTS:
        raise ConfigurationError(
            f"t-SNE of {len(shown):,} points takes too long",
            field="projection",
            fix=f"draw {MOST_TSNE_POINTS:,} points at most, selected ones included, or set projection: pca",
        )
    return _tsne(vectors[shown].astype(np.float64), seed)


def main_axes(vectors: np.ndarray) -> np.ndarray:
    """(N, 2): the rows on the two directions of largest variance, signs fixed; zeros where there are none."""
    if len(vectors) < 2 or vectors.shape[1] < 2:
        return np.zeros((len(vectors), 2))
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)  # ascending, so the last two columns: (D, D)
    main = axes[:, [-1, -2]]
    strongest = main[np.abs(main).argmax(axis=0), [0, 1]]
    return centred @ (main * np.where(strongest < 0, -1.0, 1.0))


def _tsne(vectors: np.ndarray, seed: int) -> np.ndarray:
    if len(vectors) < 5 or vectors.shape[1] < 2:
        return main_axes(vectors)
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(vectors) - 1) / 3)
    layout = TSNE(perplexity=perplexity, init="pca", random_state=seed % 2**32, n_jobs=1)
    return layout.fit_transform(vectors).astype(np.float64)
