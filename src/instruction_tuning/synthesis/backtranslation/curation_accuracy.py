"""How well a round of curation tells right pairs from wrong ones, where the truth is known.

    precision = |kept and right| / |kept|        recall = |kept and right| / |right|

over all candidates, with Wilson's 95% intervals. Humpback's, for 250 pairs that people judged, a fifth of
them good: M_0 .44 and .09, M_1 .52 and .44 (arXiv 2308.06259). O(N).
"""

from collections.abc import Sequence

import pandas as pd

from instruction_tuning.schemas.backtranslation import KINDS_OF_EVIDENCE
from instruction_tuning.statistics.intervals import wilson_interval

_COUNTS = ("candidates", "right", "kept", "kept_right")
_RATES = ("right_rate", "precision", "recall")
ACCURACY_DTYPES = {
    "round": "int64",
    "kind": "str",
    **{name: "int64" for name in _COUNTS},
    **{f"{name}{end}": "float64" for name in _RATES for end in ("", "_low", "_high")},
}


def curation_accuracy(curated: Sequence[pd.DataFrame], is_right: pd.Series, *, kind: str) -> pd.DataFrame:
    """A row a round of `curated`; `is_right` (bool) by segment id.

    `kind` is `effect` where a trained model judged, `mechanism` where a scripted teacher did. `right_rate` is
    the precision of keeping everything; a rate of nothing is null.
    """
    assert kind in KINDS_OF_EVIDENCE
    rows = []
    for frame in curated:
        right = frame["segment_id"].map(is_right).astype(bool)
        counts = (len(frame), int(right.sum()), int(frame["kept"].sum()), int((frame["kept"] & right).sum()))
        shares = ((counts[1], counts[0]), (counts[3], counts[2]), (counts[3], counts[1]))
        rates = [value for part, whole in shares for value in _rate(part, whole)]
        rows.append((int(frame["round"].iloc[0]), kind, *counts, *rates))
    return accuracy_frame(rows)


def accuracy_frame(rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    """`rows` with the columns and types of the table."""
    return pd.DataFrame(rows, columns=list(ACCURACY_DTYPES)).astype(ACCURACY_DTYPES)


def _rate(part: int, whole: int) -> tuple[float | None, float | None, float | None]:
    if whole == 0:
        return None, None, None
    interval = wilson_interval(part, whole)
    return interval.estimate, interval.low, interval.high
