"""Deita's REPR filter: the best score first, unless a record too near is in already.

Liu et al. 2023, Deita (arXiv 2312.15685). Records are gone through from the highest score down, and one is
accepted where

    max_{j accepted} cos(x_i, x_j) <= threshold

until the budget is met. The paper writes it as a distance; its published code compares similarities, as here.
O(N · K · D) for K accepted records, by matrix products: a block of candidates against all that is accepted,
then against each other, in order. Memory is the embeddings, K · D and one block; nothing is copied twice.
Products are float32. A cosine that comes nearer to the threshold than their rounding is worked out again in
float64, pair by pair, so that no pick hangs on the block size or the number of threads.
Departures: a zero vector has cosine 0 with everything. Where the threshold leaves fewer records than the
budget, fewer are picked; `fill` takes the rest by score, as the paper does not.
"""

import numpy as np
import pandas as pd

from instruction_tuning.selection.samplers.inputs import check_sampler_inputs, needed
from instruction_tuning.selection.samplers.reason_rows import reason_rows
from instruction_tuning.selection.samplers.score_order import NO_SCORE, by_score, name_of, shown
from instruction_tuning.selection.unit_rows import unit_rows

BLOCK_ROWS = 512


def repr_filter(
    scores: pd.Series,
    features: pd.DataFrame | None,
    budget: int,
    *,
    seed: int,
    threshold: float = 0.9,
    fill: bool = False,
) -> list[str]:
    """Record ids in the order accepted, best score first; with `fill`, then what was too near, by score.

    `threshold` is a cosine: the highest that an accepted record may have with one accepted before it.
    `features` (>= N, D) are matched by id. A record without a score is never picked; `seed` is not used.
    """
    points = _points(scores, features, budget)
    order = by_score(scores)
    accepted = _accepted(points.loc[order].to_numpy(copy=False), budget, threshold)
    picks = [order[row] for row in accepted]
    if fill and len(picks) < budget:
        chosen = set(picks)
        picks += [record for record in order if record not in chosen][: budget - len(picks)]
    return picks


def repr_filter_reasons(
    picks: list[str],
    scores: pd.Series,
    features: pd.DataFrame | None,
    *,
    seed: int,
    threshold: float = 0.9,
    fill: bool = False,
) -> pd.DataFrame:
    """(N, 4) which accepted record stands nearest to each record of the pool; see reason_rows.py.

    Only records accepted before its turn count, since only they kept it out.
    """
    points = _points(scores, features, max(len(picks), 1))
    order, name, values = by_score(scores), name_of(scores), scores.to_dict()
    rows = points.loc[order].to_numpy(copy=False)
    accepted = _accepted(rows, len(picks), threshold) if picks else []
    nearest, cosines, is_near = _nearest_accepted(rows, accepted, threshold)
    chosen, kept = set(picks), set(accepted)
    reasons, named = dict.fromkeys(scores.index, NO_SCORE), {}
    for row, record in enumerate(order):
        standing = f"{name} {shown(values[record])}"
        near = "no record was accepted before it"
        if nearest[row] >= 0:
            named[record] = order[nearest[row]]
            near = f"cosine {cosines[row]:.3f} to {named[record]}, the nearest accepted before it"
        if row in kept:
            reasons[record] = f"taken: {standing}; {near}"
        elif is_near[row]:
            to_fill = "taken to fill the budget: " if record in chosen else "left: "
            reasons[record] = (
                f"{to_fill}cosine {cosines[row]:.3f} to picked {named[record]} of a higher score, above "
                f"{threshold:g}; {standing}"
            )
        else:
            reasons[record] = f"left: {standing}; the budget of {len(picks)} was met before its turn"
    return reason_rows(picks, scores, reasons, named)


def _points(scores: pd.Series, features: pd.DataFrame | None, budget: int) -> pd.DataFrame:
    check_sampler_inputs(scores, features, budget)
    return needed(features, "repr_filter", "embeddings")


def _accepted(points: np.ndarray, budget: int, threshold: float) -> list[int]:
    """The rows of `points` (N, D), which stand in the order of their scores, that are accepted."""
    count, dimensions = points.shape
    if threshold >= 1:  # no cosine is above it
        return list(range(min(budget, count)))
    near = _Nearness(points, threshold)
    accepted = np.empty((min(budget, count), dimensions), dtype=np.float32)
    rows: list[int] = []
    for start in range(0, count, BLOCK_ROWS):
        block = np.arange(start, min(start + BLOCK_ROWS, count))
        units = _unit_rows(points, block)
        near_accepted = near.any_of(units @ accepted[: len(rows)].T, block, np.array(rows, dtype=np.int64))
        block, units = block[~near_accepted], units[~near_accepted]
        among = units @ units.T  # (B, B)
        is_open = np.ones(len(block), dtype=bool)
        for place, row in enumerate(block):
            if not is_open[place]:
                continue
            accepted[len(rows)] = units[place]
            rows.append(int(row))
            if len(rows) == len(accepted):
                return rows
            later = slice(place + 1, None)
            is_open[later] &= ~near.each_of(among[place, later], row, block[later])
    return rows


def _nearest_accepted(
    points: np.ndarray, accepted: list[int], threshold: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each row, the nearest of the `accepted` rows above it (-1: none), their cosine, and if too near."""
    nearest = np.full(len(points), -1)
    cosines = np.full(len(points), np.nan)
    is_near = np.zeros(len(points), dtype=bool)
    if not accepted:
        return nearest, cosines, is_near
    kept = np.array(accepted, dtype=np.int64)
    units = _unit_rows(points, kept)
    near = _Nearness(points, threshold)
    for start in range(0, len(points), BLOCK_ROWS):
        block = np.arange(start, min(start + BLOCK_ROWS, len(points)))
        found = _unit_rows(points, block) @ units.T  # (B, K)
        found[kept[None, :] >= block[:, None]] = -np.inf
        is_near[block] = near.any_of(found, block, kept)
        best, highest = found.argmax(axis=1), found.max(axis=1)
        nearest[block] = np.where(np.isinf(highest), -1, kept[best])
        cosines[block] = np.clip(highest, -1.0, 1.0)
    return nearest, cosines, is_near


class _Nearness:
    """Whether cosines are above the threshold, by float32 where that is sure, else by float64."""

    def __init__(self, points: np.ndarray, threshold: float) -> None:
        # No cosine is above 1, whatever rounding makes of it.
        self.points, self.threshold = points, threshold if threshold < 1 else float("inf")
        # Rounding of a float32 product of unit vectors and of their making, at the most.
        self.margin = (points.shape[1] + 8) * float(np.finfo(np.float32).eps)

    def each_of(self, cosines: np.ndarray, row: int, others: np.ndarray) -> np.ndarray:
        """(M,) of `cosines` (M,) between one row and the `others` (M,)."""
        near: np.ndarray = cosines > self.threshold + self.margin
        for place in np.flatnonzero((cosines > self.threshold - self.margin) & ~near):
            near[place] = _cosine(self.points[row], self.points[others[place]]) > self.threshold
        return near

    def any_of(self, cosines: np.ndarray, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
        """(B,) whether any of `cosines` (B, M) between the `rows` and the `others` is above it."""
        highest = cosines.max(axis=1, initial=-np.inf)
        near: np.ndarray = highest > self.threshold + self.margin
        for place in np.flatnonzero((highest > self.threshold - self.margin) & ~near):
            near[place] = self.each_of(cosines[place], int(rows[place]), others).any()
        return near


def _unit_rows(points: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(B, D) as float32, whatever the type of `points`."""
    return unit_rows(points, rows).astype(np.float32, copy=False)


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    """In float64, with sums that depend on the two vectors alone."""
    first, second = _scaled(one), _scaled(other)
    length = float(np.sqrt((first * first).sum()) * np.sqrt((second * second).sum()))
    return min(float((first * second).sum()) / length, 1.0) if length > 0 else 0.0


def _scaled(vector: np.ndarray) -> np.ndarray:
    """Divided by a power of two near its largest part: exact, and squares neither overflow nor vanish."""
    wide = np.array(vector, dtype=np.float64)
    largest = float(np.abs(wide).max(initial=0.0))
    return np.ldexp(wide, -int(np.frexp(largest)[1])) if largest > 0 else wide
