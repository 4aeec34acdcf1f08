"""Records from the best score down, and the scores that no order can be made of.

Up is better: a `*_loss` is handed over negated. Equal scores stand by record id. A record without a score
stands nowhere: nobody has measured it, which says nothing against it and nothing for it. O(N log N).
"""

import numpy as np
import pandas as pd

from instruction_tuning.errors import InputError

NO_SCORE = "left: no score"


def by_score(scores: pd.Series) -> list[str]:
    """The record ids with a score, the highest first.

    Raises `InputError` for an infinite score, and where no record has one.
    """
    values = scores.to_numpy(dtype=np.float64, na_value=np.nan)  # (N,)
    infinite = np.isinf(values)
    name = name_of(scores)
    if infinite.any():
        raise InputError(
            f"{int(infinite.sum())} records have an infinite {name}",
            record=scores.index[int(np.argmax(infinite))],
            field=name,
            fix="leave the score null where it could not be measured",
        )
    known = ~np.isnan(values)
    if not known.any():
        raise InputError(
            f"none of the {len(scores)} records has a {name}, so there is nothing to order them by",
            field=name,
            fix="look at why the score was not measured, or take a sampler that needs none",
        )
    pairs = sorted((-value, record) for value, record in zip(values[known], scores.index[known], strict=True))
    return [record for _, record in pairs]


def name_of(scores: pd.Series) -> str:
    """What the score is called in words for people."""
    return "score" if scores.name is None else str(scores.name)


def shown(score: float) -> str:
    """A score with as many digits as a person reads."""
    return f"{score:.4g}"
