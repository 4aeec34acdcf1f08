"""The records that a model is trained on briefly, before it measures difficulty.

Li et al. 2023, Cherry (arXiv 2308.12032), the first of its steps: a base model that has never followed an
instruction cannot tell which are hard. So it is given a little of everything:

1. k-means on the base model's embeddings of the instructions;
2. in each cluster, the records between its 25th and 75th percentile of the instruction's perplexity;
3. of these `per_cluster`, spread evenly over the band.

O(N K D) a k-means iteration, on one core, so that the picks do not hang on the number of threads.
Departures: where clusters are small the paper ends up with fewer records; here the shortfall is made up
for by the records of the others that are nearest to the middle of their cluster's band. The spread is even
in perplexity, not in the order of the file.
"""

import warnings

import numpy as np
import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.selection.samplers.inputs import check_sampler_inputs
from instruction_tuning.selection.scores.loss_inputs import check_band, loss_percentiles


def pre_experience_records(
    embeddings: pd.DataFrame,
    prompt_loss: pd.Series,
    *,
    clusters: int,
    per_cluster: int,
    seed: int,
    low: float = 25.0,
    high: float = 75.0,
) -> list[str]:
    """`clusters` · `per_cluster` record ids, or as many as have a prompt loss; first one of each cluster.

    `embeddings` (>= N, D) are matched by id to `prompt_loss` (N,), whose NaN are never chosen; `low` and
    `high` are percentiles. Ties go to the smaller record id, and the order of the rows does not matter.
    """
    check_sampler_inputs(prompt_loss, embeddings, clusters * per_cluster)
    check_band(low, high)
    losses = prompt_loss.dropna().sort_index()
    if losses.empty:
        raise InputError(
            "no record has a prompt loss to choose by",
            record=prompt_loss.index[0],
            field="prompt_loss",
            fix="measure the likelihoods of this pool first",
        )
    labels = _labels(embeddings.loc[losses.index].to_numpy(), clusters, seed)  # (N,)
    rounds: list[tuple[int, int, str]] = []  # which of its cluster, which cluster, who
    distances = []  # to the middle of the own cluster's band, in percentiles
    for number, label in enumerate(dict.fromkeys(labels)):  # in order of their smallest record id
        percentiles = loss_percentiles(losses[labels == label])
        distances.append((percentiles - (low + high) / 2).abs())
        band = percentiles[percentiles.between(low, high)].sort_values(kind="stable").index
        rounds += [(turn, number, record) for turn, record in enumerate(_spread(band, per_cluster))]
    chosen = [record for *_, record in sorted(rounds)]
    others = pd.concat(distances).drop(chosen).sort_index().sort_values(kind="stable").index
    short = min(clusters * per_cluster, len(losses)) - len(chosen)
    return chosen + list(others[:short])


def _spread(band: pd.Index, count: int) -> list[str]:
    """`count` of the records of `band`, evenly apart; all where there are no more."""
    if len(band) <= count:
        return list(band)
    return [str(band[(2 * turn + 1) * len(band) // (2 * count)]) for turn in range(count)]


def _labels(points: np.ndarray, clusters: int, seed: int) -> np.ndarray:
    """The cluster (N,) of each of `points` (N, D); fewer clusters where there are fewer different points."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    means = KMeans(min(clusters, len(points)), random_state=seed % 2**32, n_init=1)
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer different points than clusters
        labels: np.ndarray = means.fit_predict(np.ascontiguousarray(points, dtype=np.float64))
    return labels
