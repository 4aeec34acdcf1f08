"""Greedy k-center: each pick is the record farthest from everything picked before.

Sener and Savarese 2018 (arXiv 1708.00489); for instruction data DiverseEvol (arXiv 2311.08182).

    next = argmax_{i not in S} min_{j in S} ||x_i - x_j||_2

At most twice the optimal covering radius. O(N·K·D) for K picks by matrix products, O(N) memory beside the
embeddings (farthest_first.py); DiverseEvol's code holds the whole N x N matrix. Departures: DiverseEvol
starts from 100 random records and embeds with the model of the round before; here the first centre is one
record that the seed picks, unless `initial` says what is there already, and the embedding stays as it is.
Distances within a trillionth of each other are a tie.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.seeds import substream_seed
from instruction_tuning.selection.farthest_first import pick_farthest
from instruction_tuning.selection.samplers.inputs import check_sampler_inputs


def k_center_greedy(
    scores: pd.Series,
    embeddings: pd.DataFrame,
    budget: int,
    *,
    seed: int,
    initial: Sequence[str] = (),
) -> list[str]:
    """Record ids in the order picked; a smaller budget is a prefix of a larger one.

    `scores` (N,) is read for its index, the record ids; `embeddings` (>= N, D) is matched to it by id.
    `initial` names records of `embeddings`, in the pool or not, that are there already: they are not
    picked, and each pick is far from them too. Ties go to the smaller record id, and the order of the rows
    does not matter. A budget above what is left takes all that is left.
    """
    check_sampler_inputs(scores, embeddings, budget)
    labelled = _checked_initial(embeddings, initial)
    record_ids = sorted(scores.index)
    needed = [*record_ids, *sorted(set(labelled).difference(record_ids))]
    if 2 * len(needed) < len(embeddings):  # else looking at all rows costs less than a copy
        embeddings = embeddings.loc[needed]
    rows = embeddings.index.get_indexer(pd.Index(record_ids))  # (N,)
    centres: list[int] = embeddings.index.get_indexer(
        pd.Index(labelled, dtype=embeddings.index.dtype)
    ).tolist()
    place = np.full(len(embeddings), -1)  # of a row among the sorted ids; -1: not to be picked
    place[rows] = np.arange(len(record_ids))
    place[centres] = -1
    count = len(centres) + min(budget, int((place >= 0).sum()))
    if not centres:
        centres.append(int(rows[_first(record_ids, seed)]))
    pick_farthest(_floats(embeddings), place, centres, count)
    return [record_ids[place[row]] for row in centres[len(labelled) :]]


def _first(record_ids: list[str], seed: int) -> int:
    return min(
        range(len(record_ids)), key=lambda place: (substream_seed(seed, "k-center", record_ids[place]), place)
    )


def _checked_initial(embeddings: pd.DataFrame, initial: Sequence[str]) -> list[str]:
    record_ids = list(dict.fromkeys(initial))
    missing = [record for record in record_ids if record not in embeddings.index]
    if missing:
        raise InputError(
            f"{len(missing)} records of the initial set have no embedding",
            record=missing[0],
            fix="embed the initial set with the same model as the pool, or leave these records out of it",
        )
    return record_ids


def _floats(embeddings: pd.DataFrame) -> np.ndarray:
    """(N, D) in the order of the frame, a view where it holds floats whose squares do not overflow."""
    points = embeddings.to_numpy(copy=False)
    largest = max(float(points.max(initial=0)), -float(points.min(initial=0)))
    most = (float(np.finfo(np.float32).max) / (8 * points.shape[1] + 1)) ** 0.5
    if points.dtype == np.float32 and largest < most:
        return points
    points = points.astype(np.float64, copy=False)
    return points / largest if largest > 1e100 else points
