"""Why each record was taken or left, in words, and the number behind the words.

For k-center the reason is the distance to the nearest record picked before, worked out again from the
picks: O(K^2 · D) for K picks; for what was left, to the nearest of all picks: O(N · K · D), as the picking
itself (nearest_rows.py).
"""

import numpy as np
import pandas as pd

from instruction_tuning.selection.nearest_rows import nearest_earlier, nearest_rows
from instruction_tuning.selection.samplers.inputs import needed
from instruction_tuning.selection.samplers.reason_rows import reason_rows

SELECTED, NOT_SELECTED = "selected", "not_selected"


def decisions_frame(method: str, reasons: pd.DataFrame, taken: int) -> pd.DataFrame:
    """(N, 7) decisions from `reasons` (by reason_rows.py), of which the first `taken` rows are selected.

    See schemas.selection_decisions; `sampler` is the name of the method.
    """
    count = len(reasons)
    return pd.DataFrame(
        {
            "record_id": reasons["record_id"].to_numpy(),
            "sampler": method,
            "decision": [SELECTED] * taken + [NOT_SELECTED] * (count - taken),
            "rank": pd.Series([*range(taken), *[None] * (count - taken)], dtype="Int64"),
            "selection_score": reasons["selection_score"].to_numpy(dtype=np.float64),
            "nearest_selected": reasons["nearest_selected"].reset_index(drop=True).astype("str"),
            "reason": reasons["reason"].to_numpy(),
        }
    )


def uniform_reasons(
    picks: list[str], scores: pd.Series, features: pd.DataFrame | None, *, seed: int
) -> pd.DataFrame:
    """(N, 4) the number of each draw; see reason_rows.py."""
    taken, count = len(picks), len(scores)
    left = f"uniform draw (seed {seed}): after the {taken} of the budget"
    reasons = dict.fromkeys(scores.index, left)
    for number, record in enumerate(picks, start=1):
        reasons[record] = f"uniform draw {number} of {taken} from {count} records (seed {seed})"
    return reason_rows(picks, pd.Series(np.nan, index=scores.index), reasons)


def k_center_reasons(
    picks: list[str], scores: pd.Series, features: pd.DataFrame | None, *, seed: int
) -> pd.DataFrame:
    """(N, 4) how far each record is from the picks; `features` (>= N, D). See reason_rows.py.

    The score is the distance to the nearest earlier pick, null for the first; of a record that was left, to
    the nearest pick of all.
    """
    embeddings = needed(features, "k_center_greedy", "embeddings")
    points = embeddings.to_numpy(copy=False)
    rows = embeddings.index.get_indexer(pd.Index(picks))  # (K,)
    others = sorted(set(scores.index).difference(picks))
    nearest, squared = nearest_earlier(points[rows])
    near_others, far = nearest_rows(points, embeddings.index.get_indexer(pd.Index(others)), rows)
    distances = np.sqrt(squared)
    reasons = {picks[0]: f"k-center pick 1: the first centre, chosen by seed {seed}"} if picks else {}
    for row, record in enumerate(picks[1:], start=1):
        reasons[record] = (
            f"k-center pick {row + 1}: distance {distances[row]:.2f} to nearest already selected record "
            f"{picks[nearest[row]]}"
        )
    left = f"k-center: none of the {len(picks)} farthest from what was selected before"
    reasons |= dict.fromkeys(others, left)
    near = {record: picks[row] for record, row in zip(picks[1:], nearest[1:], strict=True)}
    pick_of = dict(zip(rows.tolist(), picks, strict=True))
    near |= {other: pick_of[row] for other, row in zip(others, near_others.tolist(), strict=True) if picks}
    away = pd.Series(np.concatenate([distances, np.sqrt(far)]), index=[*picks, *others])
    return reason_rows(picks, away.replace(np.inf, np.nan), reasons, near)
