"""Cluster quotas: the pool is cut into clusters of like records, and each gives its share.

k-means with an equal share for each cluster is the first step of Cherry (arXiv 2308.12032): 100 clusters, 10
records of each. LIMA (arXiv 2305.11206) takes shares of the exchanges of Stack Exchange; here clusters stand
in for what the source does not say.

    next cluster = argmax_c w_c / (2 t_c + 1),    w_c = n_c, sqrt(n_c) or 1

where c has n_c records and has given t_c: Webster's method of giving seats, which keeps near to the shares
and never takes a pick back when the budget grows. A cluster that is empty leaves its share to the others.
Clusters are those of mini-batch k-means (Sculley 2010), as scikit-learn has it, with k-means++ starts from
`seed` on the rows sorted by id; O(N·C·D) for C clusters, memory is one copy of the embeddings.
Departures: Cherry takes records between the quartiles of perplexity; here the best scores of a cluster, or
what stands nearest to its centre.
"""

from heapq import heapify, heappop, heapreplace
from typing import Literal, NamedTuple, get_args

import numpy as np
import pandas as pd

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.seeds import substream_seed
from instruction_tuning.selection.copies import copies
from instruction_tuning.selection.samplers.inputs import check_sampler_inputs, needed
from instruction_tuning.selection.samplers.reason_rows import reason_rows
from instruction_tuning.selection.samplers.score_order import NO_SCORE, by_score, name_of, shown

Quota = Literal["proportional", "sqrt", "equal"]
Within = Literal["score", "nearest_centre", "seeded"]
POWERS = {"proportional": 1.0, "sqrt": 0.5, "equal": 0.0}
BATCH_ROWS = 4096


class _Cluster(NamedTuple):
    """Records in the order they are given, each with what it is ordered by; the most central one; w_c."""

    queue: list[tuple[float, float, str]]
    centre: str
    weight: float


def cluster_quota(
    scores: pd.Series,
    features: pd.DataFrame | None,
    budget: int,
    *,
    seed: int,
    clusters: int = 100,
    quota: Quota = "equal",
    within: Within = "score",
) -> list[str]:
    """Record ids, dealt to the clusters by their shares; every budget is a prefix of a larger one.

    `features` (>= N, D) are matched by id. In a cluster the highest score comes first, of equal ones what is
    nearest to the centre; a record without a score is never picked. With `within` nearest_centre or seeded,
    `scores` (N,) is read for its index alone. Of clusters with equal claims, the one with the better record.
    """
    dealt = _clusters(scores, features, budget, seed, clusters, quota, within)
    turns = [(-cluster.weight, cluster.queue[0], 0, number) for number, cluster in enumerate(dealt)]
    heapify(turns)
    picks: list[str] = []
    while turns and len(picks) < budget:
        _, (_, _, record), given, number = turns[0]
        picks.append(record)
        given += 1
        if given == len(dealt[number].queue):
            heappop(turns)
        else:
            claim = dealt[number].weight / (2 * given + 1)
            heapreplace(turns, (-claim, dealt[number].queue[given], given, number))
    return picks


def cluster_quota_reasons(
    picks: list[str],
    scores: pd.Series,
    features: pd.DataFrame | None,
    *,
    seed: int,
    clusters: int = 100,
    quota: Quota = "equal",
    within: Within = "score",
) -> pd.DataFrame:
    """(N, 4) the place of each record in its cluster, and how many that gave; see reason_rows.py.

    A cluster is named after the record nearest to its centre. The score is that which orders the cluster: the
    score handed over, or the distance to the centre; null where the seed orders.
    """
    dealt = _clusters(scores, features, max(len(picks), 1), seed, clusters, quota, within)
    total = sum(cluster.weight for cluster in dealt)
    chosen, name = set(picks), name_of(scores)
    reasons = dict.fromkeys(scores.index, NO_SCORE)
    ordered_by = dict.fromkeys(scores.index, float("nan"))
    for cluster in dealt:
        gave, size = sum(record in chosen for _, _, record in cluster.queue), len(cluster.queue)
        share = f"({quota} share {100 * cluster.weight / total:.1f}%)"
        for place, (negative, distance, record) in enumerate(cluster.queue, start=1):
            if within == "score":
                ordered_by[record], standing = -negative, f"{name} {shown(-negative)}"
            elif within == "nearest_centre":
                ordered_by[record], standing = distance, f"distance {distance:.2f} to the centre"
            else:
                standing = f"drawn by seed {seed}"
            around = f"in the cluster around {cluster.centre} {share}"
            reasons[record] = (
                f"taken: {standing}, pick {place} of {gave} {around}"
                if record in chosen
                else f"left: {standing}, place {place} of {size} {around}, which gave {gave}"
            )
    return reason_rows(picks, pd.Series(ordered_by, dtype="float64"), reasons)


def _clusters(
    scores: pd.Series,
    features: pd.DataFrame | None,
    budget: int,
    seed: int,
    clusters: int,
    quota: Quota,
    within: Within,
) -> list[_Cluster]:
    """The clusters that hold a record which can be picked."""
    check_sampler_inputs(scores, features, budget)
    embeddings = needed(features, "cluster_quota", "embeddings")
    if clusters < 1:
        raise ConfigurationError(
            f"{clusters} clusters hold nothing", field="clusters", fix="ask for at least 1"
        )
    for field, value, known in (("quota", quota, get_args(Quota)), ("within", within, get_args(Within))):
        if value not in known:
            raise ConfigurationError(
                f"there is no {field} {value!r}", field=field, fix=f"take one of {', '.join(known)}"
            )
    record_ids = sorted(scores.index)
    labels, distances = _k_means(embeddings.loc[record_ids].to_numpy(copy=False), clusters, seed)
    if within == "score":
        values = scores.to_dict()
        keys = {record: -float(values[record]) for record in by_score(scores)}
    elif within == "seeded":
        keys = {record: float(substream_seed(seed, "cluster-quota", record)) for record in record_ids}
    else:
        keys = dict.fromkeys(record_ids, 0.0)
    found = []
    for label in np.unique(labels):
        members = [(distances[row], record_ids[row]) for row in np.flatnonzero(labels == label)]
        queue = sorted((keys[record], float(far), record) for far, record in members if record in keys)
        if queue:
            found.append(_Cluster(queue, min(members)[1], float(len(queue) ** POWERS[quota])))
    return found


def _k_means(points: np.ndarray, clusters: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The cluster of each row of `points` (N, D), and its distance to the centre, (N,) each."""
    from sklearn.cluster import MiniBatchKMeans
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    points = points if points.dtype in (np.float32, np.float64) else points.astype(np.float64)
    distinct = len(points) - int(copies(points, range(len(points))).sum())
    model = MiniBatchKMeans(
        n_clusters=min(clusters, distinct),
        n_init=3,
        batch_size=BATCH_ROWS,
        random_state=substream_seed(seed, "k-means") % 2**32,
    )
    with threadpool_limits(limits=1):  # sums, and so ties, would change with the number of threads
        model.fit(points)
    distances = np.empty(len(points))
    for start in range(0, len(points), BATCH_ROWS):
        here = slice(start, start + BATCH_ROWS)
        apart = points[here].astype(np.float64) - model.cluster_centers_[model.labels_[here]]
        distances[here] = np.sqrt(np.einsum("nd,nd->n", apart, apart))
    return model.labels_, distances
