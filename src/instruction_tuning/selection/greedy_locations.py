"""The greedy choice of facility location, without the matrix of all similarities.

    next = argmax_{j not in S} sum_i max(0, cos(x_i, x_j) - max_{s in S} cos(x_i, x_s))

Gains only fall, so a gain worked out in an earlier round bounds the present one, and candidates are looked at
from the highest bound down until the next bound is below the best gain found (Minoux 1978). A bound is a
product in the type of the points with its rounding added, a block of candidates at once; a gain is in
float64, over the points that the product says may be nearer. Gains that differ by less than 1e-12 of a cosine
a point are a tie. So the choice does not hang on the number of threads.

The second round looks at almost everything, O(N²·D); later ones at what the last pick came near to. O(N)
memory beside the points.
"""

from collections.abc import Iterator

import numpy as np

from instruction_tuning.seeds import substream_seed
from instruction_tuning.selection.copies import copies

BLOCK_ROWS = 1024
FEWEST_AT_ONCE, MOST_AT_ONCE = 32, 256
TIE = 1e-12  # of a cosine, for each point
NOTHING = -2.0  # below every cosine: what the nearest pick is like before there is one
OUT = -1.0  # the bound of a point that cannot be picked (again)


def greedy_locations(
    points: np.ndarray, count: int, *, seed: int, candidates: int | None = None
) -> list[int]:
    """Rows of `points` (N, D), unit vectors, in the order picked; of equals the first row.

    With `candidates`, each round looks at so many, drawn by `seed` and the number of the round. Once nothing
    brings anything any more, the rest comes by row.
    """
    tie = TIE * len(points)
    nearest = np.full(len(points), NOTHING)  # (N,) cosine of each row with its nearest pick
    total = sum(block.sum(axis=0, dtype=np.float64) for block in row_blocks(points))  # (D,)
    first = np.concatenate([block.astype(np.float64) @ total for block in row_blocks(points)])
    bounds = first - NOTHING * len(points) + tie  # (N,) of the gains: at first, the gains themselves
    bounds[copies(points, range(len(points)))] = OUT  # once the first of them is picked, they bring nothing
    picks: list[int] = []
    while len(picks) < count:
        rows = np.flatnonzero(bounds > OUT)
        if candidates is not None and len(rows) > candidates:
            drawn = np.random.default_rng(substream_seed(seed, "facility-location", len(picks)))
            rows = drawn.choice(rows, candidates, replace=False)
        gains = _gains_of_the_best(points, nearest, bounds, rows)
        best = max(gains.values(), default=0.0)
        if best <= tie and (candidates is None or not gains):
            picked = set(picks)
            return picks + [row for row in range(len(points)) if row not in picked][: count - len(picks)]
        pick = min(row for row, gain in gains.items() if gain >= best - tie)
        served, cosines = _cosines_above(points, nearest, pick)
        nearest[served] = np.maximum(nearest[served], cosines)
        bounds[pick] = OUT
        picks.append(pick)
    return picks


def _gains_of_the_best(
    points: np.ndarray, nearest: np.ndarray, bounds: np.ndarray, rows: np.ndarray
) -> dict[int, float]:
    """The gains of those of `rows` among which the best is; `bounds` of what was looked at are lowered."""
    tie = TIE * len(points)
    gains: dict[int, float] = {}
    best, size, start = -np.inf, FEWEST_AT_ONCE, 0
    rows = rows[np.argsort(-bounds[rows])]
    while start < len(rows) and bounds[rows[start]] > best - tie:
        here = rows[start : start + size]
        bounds[here] = np.minimum(bounds[here], _bounds_of_gains(points, nearest, here))
        for row in here[np.argsort(-bounds[here])].tolist():
            if bounds[row] <= best - tie:
                break
            served, cosines = _cosines_above(points, nearest, row)
            gains[row] = float(np.maximum(cosines - nearest[served], 0.0).sum())
            bounds[row] = min(bounds[row], gains[row] + tie)
            best = max(best, gains[row])
        start += size
        size = min(2 * size, MOST_AT_ONCE)
    return gains


def _bounds_of_gains(points: np.ndarray, nearest: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(C,) of `rows` (C,): products in the type of `points`, each with its rounding added."""
    kind = np.finfo(points.dtype)
    below = (nearest - _rounding(points)).astype(points.dtype)  # (N,)
    looked_at, gains, start = points[rows], np.zeros(len(rows)), 0
    for block in row_blocks(points):
        cosines = looked_at @ block.T  # (C, block)
        cosines -= below[start : start + len(block)]
        np.maximum(cosines, 0, out=cosines)
        gains += cosines.sum(axis=1)
        start += len(block)
    return gains * (1 + BLOCK_ROWS * kind.eps)


def _cosines_above(points: np.ndarray, nearest: np.ndarray, row: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows to which `row` may be nearer than what is picked, and its cosines with them in float64."""
    above = points @ points[row] > nearest - _rounding(points)
    served = np.flatnonzero(above)
    own = points[row].astype(np.float64)
    return served, np.concatenate(
        [
            points[part].astype(np.float64) @ own
            for part in np.array_split(served, len(served) // BLOCK_ROWS + 1)
        ]
    )


def _rounding(points: np.ndarray) -> float:
    """What a cosine in the type of `points` may be off by, in whatever order its products are added."""
    return float((points.shape[1] + 16) * np.finfo(points.dtype).eps)


def row_blocks(points: np.ndarray) -> Iterator[np.ndarray]:
    """`points` (N, D) in blocks that stay in the processor's cache."""
    return (points[start : start + BLOCK_ROWS] for start in range(0, len(points), BLOCK_ROWS))
