"""What every sampler demands of its inputs, checked in one place so that all of them complain alike."""

import numpy as np
import pandas as pd

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.selection.record_ids import refuse_doubled

# A million rows of 384 would be as many megabytes of booleans at once.
_ROWS_AT_A_TIME = 65_536


def check_sampler_inputs(scores: pd.Series, embeddings: pd.DataFrame | None, budget: int) -> None:
    """Raise for an empty pool, doubled ids, a budget below 1, and embeddings that are missing or not finite.

    `scores` (N,) and `embeddings` (N or more, D) are indexed by record id; they are matched by id.
    """
    if budget < 1:
        raise ConfigurationError(
            f"a budget of {budget} selects nothing", field="budget", fix="ask for at least 1"
        )
    if scores.empty:
        raise InputError(
            "the pool to select from is empty",
            fix="look at rejected_records for what the ingestion dropped, and why",
        )
    refuse_doubled(scores.index, "pool")
    if embeddings is None:
        return
    refuse_doubled(embeddings.index, "pool_embeddings")
    missing = scores.index.difference(embeddings.index)
    if len(missing):
        raise InputError(
            f"{len(missing)} records of the pool have no embedding",
            record=missing[0],
            fix="make pool_embeddings anew from this pool (kedro run --namespaces=query_selection)",
        )
    points = embeddings.to_numpy(copy=False)
    starts = range(0, len(points), _ROWS_AT_A_TIME)
    finite = np.concatenate(
        [np.isfinite(points[s : s + _ROWS_AT_A_TIME]).all(axis=1) for s in starts]
    )  # (N,)
    if not finite.all():
        raise InputError(
            f"{int((~finite).sum())} embeddings hold NaN or infinity",
            record=embeddings.index[int(np.argmin(finite))],
            fix="check the model that made them (float16 overflow?), or select with embedding: tfidf_svd",
        )


def needed(features: pd.DataFrame | None, sampler: str, what: str) -> pd.DataFrame:
    """`features`; an `InputError` where the sampler has nothing to look at."""
    if features is None:
        raise InputError(
            f"{sampler} goes by {what}, and there are none",
            field=what,
            fix=f"hand over a frame of {what} by record id, or take a sampler that needs none",
        )
    return features
