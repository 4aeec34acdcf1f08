"""Facility location: each pick brings the pool, as a whole, nearest to what is picked.

Nemhauser, Wolsey and Fisher 1978; for instruction data the diversity stage of Superfiltering (arXiv
2402.00530).

    next = argmax_{j not in S} sum_i max(0, cos(x_i, x_j) - max_{s in S} cos(x_i, x_s))

The greedy sum is at least 1 - 1/e of the best one. Exact by lazy evaluation (greedy_locations.py): O(N²·D)
for the first picks, less for later ones. `candidates` looks at a random sample in every round instead
(stochastic greedy, Mirzasoleiman et al. 2015, arXiv 1409.7938): O(K·candidates·N·D) for K picks, and with
candidates = N/K · ln(1/ε) at least 1 - 1/e - ε of the best. Memory is one copy of the embeddings.
Departures: Superfiltering takes Euclidean distances and holds the whole N x N matrix; here similarities are
cosines, 1 - ||x_i - x_j||² / 2 of unit vectors. A zero vector has cosine 0 with everything.
"""

import numpy as np
import pandas as pd

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.selection.greedy_locations import greedy_locations, row_blocks
from instruction_tuning.selection.nearest_rows import nearest_earlier
from instruction_tuning.selection.samplers.inputs import check_sampler_inputs, needed
from instruction_tuning.selection.samplers.reason_rows import reason_rows
from instruction_tuning.selection.unit_rows import unit_rows


def facility_location(
    scores: pd.Series,
    features: pd.DataFrame | None,
    budget: int,
    *,
    seed: int,
    candidates: int | None = None,
) -> list[str]:
    """Record ids in the order picked; a smaller budget is a prefix of a larger one.

    `scores` (N,) is read for its index, the record ids; `features` (>= N, D) are matched by id. Ties go to
    the smaller record id, and records that bring nothing any more come last. `candidates` is how many records
    a round looks at, drawn by `seed`; without it, all.
    """
    if candidates is not None and candidates < 1:
        raise ConfigurationError(
            f"{candidates} candidates leave nothing to pick from",
            field="candidates",
            fix="ask for at least 1",
        )
    record_ids, points = _unit_rows(scores, features, budget)
    picks = greedy_locations(points, min(budget, len(points)), seed=seed, candidates=candidates)
    return [record_ids[row] for row in picks]


def facility_location_reasons(
    picks: list[str],
    scores: pd.Series,
    features: pd.DataFrame | None,
    *,
    seed: int,
    candidates: int | None = None,
) -> pd.DataFrame:
    """(N, 4) what each pick brought, and which pick stands for each of the others; see reason_rows.py.

    The score of a pick is what it added to the sum of cosines; of the others it is null.
    """
    record_ids, points = _unit_rows(scores, features, max(len(picks), 1))
    if not picks:
        return reason_rows([], scores * np.nan, dict.fromkeys(record_ids, "left: nothing was picked"))
    row_of = {record: row for row, record in enumerate(record_ids)}
    chosen = points[[row_of[record] for record in picks]]  # (K, D)
    sums, standing_for, cosines = _brought(points, chosen)
    before, _ = nearest_earlier(chosen)
    drawn = "" if candidates is None else f", the best of {candidates} drawn by seed {seed}"
    means, served = sums / len(points), np.bincount(standing_for, minlength=len(picks))
    reasons, named = {}, {}
    for row, record in enumerate(record_ids):
        named[record] = picks[standing_for[row]]
        reasons[record] = f"left: cosine {cosines[row]:.2f} to picked {named[record]}, which stands for it"
    for number, record in enumerate(picks):
        named[record] = picks[before[number]]
        brings = (
            f"raises the pool's mean cosine to its nearest pick from {means[number - 1]:.3f} to "
            f"{means[number]:.3f}"
            if number
            else f"mean cosine {means[0]:.3f} with the pool"
        )
        reasons[record] = (
            f"facility location pick {number + 1}{drawn}: {brings}; stands for {served[number]} records"
        )
    del named[picks[0]]
    gains = pd.Series(np.diff(sums, prepend=0.0), index=picks).reindex(record_ids)
    return reason_rows(picks, gains, reasons, named)


def _unit_rows(scores: pd.Series, features: pd.DataFrame | None, budget: int) -> tuple[list[str], np.ndarray]:
    """The record ids (N,), sorted, and their unit vectors (N, D)."""
    check_sampler_inputs(scores, features, budget)
    embeddings = needed(features, "facility_location", "embeddings")
    record_ids = sorted(scores.index)
    rows = embeddings.index.get_indexer(pd.Index(record_ids))
    return record_ids, unit_rows(embeddings.to_numpy(copy=False), rows)


def _brought(points: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The sum of cosines after each pick (K,), and the nearest pick (N,) of each row with its cosine (N,)."""
    sums = np.zeros(len(chosen))
    nearest, highest = [], []
    for block in row_blocks(points):
        cosines = block @ chosen.T  # (block, K)
        nearest.append(cosines.argmax(axis=1))
        best = np.maximum.accumulate(cosines, axis=1)
        highest.append(best[:, -1].copy())  # a view would keep the block
        sums += best.sum(axis=0, dtype=np.float64)
    return sums, np.concatenate(nearest), np.concatenate(highest)
