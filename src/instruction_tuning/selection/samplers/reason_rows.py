"""The frame in which every sampler gives its reasons: a row a record, the picked ones first."""

from collections.abc import Mapping

import numpy as np
import pandas as pd


def reason_rows(
    picks: list[str], scores: pd.Series, reasons: Mapping[str, str], nearest: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """(N, 4) record_id, selection_score, nearest_selected, reason; the picks in order, the others by id.

    `reasons` has one sentence for each record of `scores.index`; `nearest` names the picked record that
    stands nearest, for those that have one.
    """
    chosen = set(picks)
    record_ids = [*picks, *sorted(record for record in scores.index if record not in chosen)]
    near = nearest or {}
    return pd.DataFrame(
        {
            "record_id": pd.array(record_ids, dtype="str"),
            "selection_score": scores.reindex(record_ids).to_numpy(dtype=np.float64, na_value=np.nan),
            "nearest_selected": pd.array([near.get(record) for record in record_ids], dtype="str"),
            "reason": [reasons[record] for record in record_ids],
        }
    )
