"""Greedy k-center: each pick is the record farthest from everything picked before.

Sener and Savarese 2018 (arXiv 1708.00489); for instruction data DiverseEvol (arXiv 2311.08182).

    next = argmax_{i not in S} min_{j in S} ||x_i - x_j||_2

At most twice the optimal covering radius. One vector of minimal distances is kept, so a pick costs
O(N·D) time and O(N) memory; DiverseEvol's code holds the whole N x N matrix.
Departures: DiverseEvol starts from 100 random records and embeds with the model of the round before;
here the first centre is one record that the seed picks, and the embedding stays as it is.
"""

import numpy as np
import pandas as pd

from instruction_tuning.seeds import substream_seed
from instruction_tuning.selection.samplers.inputs import check_sampler_inputs


def k_center_greedy(scores: pd.Series, embeddings: pd.DataFrame, budget: int, *, seed: int) -> list[str]:
    """Record ids in the order picked; a smaller budget is a prefix of a larger one.

    `scores` (N,) is read for its index, the record ids; `embeddings` (>= N, D) is matched to it by id.
    Ties go to the smaller record id, and the order of the rows does not matter. A budget above N takes
    all N.
    """
    check_sampler_inputs(scores, embeddings, budget)
    record_ids = sorted(scores.index)
    points = np.ascontiguousarray(embeddings.loc[record_ids])  # (N, D)
    squared_norms = np.einsum("nd,nd->n", points, points)  # (N,)
    pick = min(
        range(len(record_ids)), key=lambda row: (substream_seed(seed, "k-center", record_ids[row]), row)
    )
    nearest = np.full(len(record_ids), np.inf)  # (N,) squared distance to the nearest pick; -1: picked
    picks = [pick]
    while len(picks) < min(budget, len(record_ids)):
        distances = squared_norms + squared_norms[pick] - 2.0 * (points @ points[pick])  # (N,)
        # Rounding takes the distance of near-identical records below zero, where the picked ones are.
        np.minimum(nearest, np.maximum(distances, 0.0), out=nearest)
        nearest[picks] = -1.0
        pick = int(np.argmax(nearest))  # the first of equals, and so the smallest record id
        picks.append(pick)
    return [record_ids[row] for row in picks]
