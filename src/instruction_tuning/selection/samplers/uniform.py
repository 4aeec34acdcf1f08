"""Uniform sampling without replacement: the baseline that every sampler has to beat.

Each record draws a number from (seed, record_id), and the smallest numbers win; so the draw of a record
does not depend on the order of the rows, and records added later do not reshuffle the others. O(N log N).
"""

import pandas as pd

from instruction_tuning.seeds import substream_seed
from instruction_tuning.selection.samplers.inputs import check_sampler_inputs


def uniform(scores: pd.Series, embeddings: pd.DataFrame | None, budget: int, *, seed: int) -> list[str]:
    """Record ids of a uniform sample, in the order drawn; a smaller budget is a prefix of a larger one.

    `scores` (N,) is read for its index, the record ids; its values and `embeddings` are not used.
    A budget above N takes all N.
    """
    check_sampler_inputs(scores, None, budget)
    draws = sorted((substream_seed(seed, "uniform", record_id), record_id) for record_id in scores.index)
    return [record_id for _, record_id in draws[:budget]]
