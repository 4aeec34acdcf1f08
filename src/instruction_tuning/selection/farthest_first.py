"""Farthest-first traversal without a pass over all points a pick.

    next = argmax_{i not in S} min_{j in S} ||x_i - x_j||_2

Gonzalez 1985. Distances to the nearest centre only fall, so a pick needs exact distances of the few points
whose upper bounds (distance_bounds.py) stand highest, the front: while the farthest of the front is beyond
every bound outside it, it is farther than everything. When the front is used up, the bounds are lowered for
all picks since the last time in one matrix product. O(N·K·D) for K picks, at the speed of such products and
not at that of reading the points K times; O(N) memory beside the points, which are not copied. Where most
points are as far away as each other, the front grows to all of them and is a copy in float64.

Distances in the front are sums of squared differences in float64, and those within a trillionth of each
other are a tie. So the picks hang neither on the order of the points nor on the number of threads or the
device.
"""

import numpy as np

from instruction_tuning.selection.copies import copies
from instruction_tuning.selection.distance_bounds import bounds_to_nearest
from instruction_tuning.selection.nearest_rows import nearest_rows

FRONT_ROWS = 256
TIE = 1e-12  # of a squared distance
ROWS_AT_ONCE = 1024
OUT = -1.0  # the bound of a point that cannot be picked (again)


def pick_farthest(points: np.ndarray, place: np.ndarray, centres: list[int], count: int) -> None:
    """Append rows of `points` (N, D) to `centres`, of which there is one at least, until there are `count`.

    Only rows whose `place` is not -1 are taken; of equally far ones that with the smallest place.
    """
    bounds_to = bounds_to_nearest(points)
    bounds = np.where(place >= 0, np.inf, OUT).astype(points.dtype)  # (N,) squared distance to the nearest
    exact = np.full(len(points), np.inf)  # (N,) the same in float64, of the first `counted` centres
    counted = np.zeros(len(points), dtype=np.int64)
    bounded = 0
    while len(centres) < count:
        np.minimum(bounds, bounds_to(centres[bounded:]), out=bounds)
        bounds[centres] = OUT
        bounded = len(centres)
        front, beyond = _front(points, place, centres, bounds, exact, counted)
        distances = exact[front]
        if distances.max(initial=0.0) == 0.0:  # what is left says nothing new
            left = place.copy()
            left[centres] = -1
            order = np.argsort(left)
            centres += order[left[order] >= 0][: count - len(centres)].tolist()
            return
        _pick_from(points, front, distances, beyond, centres, count)
        exact[front], counted[front] = distances, len(centres)
        known = np.nextafter(distances.astype(points.dtype), np.inf, dtype=points.dtype)
        bounds[front] = np.minimum(bounds[front], known)


def _front(
    points: np.ndarray,
    place: np.ndarray,
    centres: list[int],
    bounds: np.ndarray,
    exact: np.ndarray,
    counted: np.ndarray,
) -> tuple[np.ndarray, float]:
    """Rows, by place, among which the farthest is for sure, and the highest bound of all others.

    `exact` is brought up to date for them. Copies of one of them are taken out of `bounds`: once it is
    picked, they are at distance zero.
    """
    if len(bounds) > FRONT_ROWS:
        order = np.argpartition(bounds, len(bounds) - FRONT_ROWS - 1)
        rows, beyond = order[-FRONT_ROWS:], float(bounds[order[-FRONT_ROWS - 1]])
    else:
        rows, beyond = np.arange(len(bounds)), OUT
    rows = rows[bounds[rows] > OUT]
    _measure(points, centres, rows, exact, counted)
    least = exact[rows].max(initial=0.0) * (1 - TIE)
    if beyond > OUT and beyond >= least:  # others may be as far
        rows = np.flatnonzero(bounds >= least)
        rows = rows[np.argsort(place[rows])]
        is_copy = copies(points, rows)
        bounds[rows[is_copy]] = OUT
        rows = rows[~is_copy]
        beyond = float(bounds[bounds < least].max(initial=OUT))
        _measure(points, centres, rows, exact, counted)
    return rows[np.argsort(place[rows])], beyond


def _measure(
    points: np.ndarray, centres: list[int], rows: np.ndarray, exact: np.ndarray, counted: np.ndarray
) -> None:
    """Bring `exact` of `rows` up to date."""
    rows = rows[counted[rows] < len(centres)]
    since = int(counted[rows].min(initial=len(centres)))
    _, squared = nearest_rows(points, rows, np.array(centres[since:], dtype=np.int64))
    exact[rows] = np.minimum(exact[rows], squared)
    counted[rows] = len(centres)


def _pick_from(
    points: np.ndarray,
    front: np.ndarray,
    distances: np.ndarray,
    beyond: float,
    centres: list[int],
    count: int,
) -> None:
    """Pick the farthest of `front`, and on while it is farther than `beyond`; `distances` follow."""
    vectors = points[front].astype(np.float64)  # (F, D)
    differences = np.empty((min(ROWS_AT_ONCE, len(front)), vectors.shape[1]))
    while True:
        # The first of equals, and so the one with the smallest place.
        pick = int(np.argmax(distances >= distances.max() * (1 - TIE)))
        centres.append(int(front[pick]))
        for start in range(0, len(front), ROWS_AT_ONCE):
            here = slice(start, min(start + ROWS_AT_ONCE, len(front)))
            apart = np.subtract(vectors[here], vectors[pick], out=differences[: here.stop - start])
            distances[here] = np.minimum(distances[here], np.einsum("nd,nd->n", apart, apart))
        distances[pick] = OUT
        if len(centres) == count or distances.max() * (1 - TIE) <= max(beyond, 0.0):
            return
