"""What scores demand of the losses that they are made of, and the ranks of losses in percent.

A loss is a mean -log p in nats (lm/answer_likelihood.py): never negative, NaN where it was not measured.
"""

import numpy as np
import pandas as pd

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.selection.record_ids import refuse_doubled

NOT_MEASURED = "no score: the loss was not measured"
_MEASURE = "measure the likelihoods anew, on this pool"


def check_losses(losses: pd.DataFrame, columns: tuple[str, ...]) -> None:
    """Raise `InputError` for a missing column, doubled ids, and a loss that is infinite or below 0."""
    absent = [column for column in columns if column not in losses]
    if absent:
        raise InputError(
            f"the likelihoods have no column {absent[0]}; they have {', '.join(map(str, losses.columns))}",
            field=absent[0],
            fix=_MEASURE,
        )
    refuse_doubled(losses.index, "the likelihoods")
    for column in columns:
        values = losses[column].to_numpy(dtype=np.float64, na_value=np.nan)
        wrong = np.isinf(values) | (values < 0)
        if wrong.any():
            place = int(wrong.argmax())
            raise InputError(
                f"a loss of {values[place]:g} is no mean of -log p",
                record=losses.index[place],
                field=column,
                fix=_MEASURE,
            )


def check_same_records(losses: pd.DataFrame, others: pd.DataFrame) -> None:
    """Raise `InputError` where the two are not of the same records."""
    apart = losses.index.symmetric_difference(others.index)
    if len(apart):
        raise InputError(
            f"the two likelihoods are of different pools: {len(apart)} records are in one of them only",
            record=sorted(apart)[0],
            fix="measure both on the same pool",
        )


def loss_percentiles(losses: pd.Series) -> pd.Series:
    """The rank of each loss in percent of those measured, (rank - 1/2) / n · 100; the mean rank for equals.

    NaN stays NaN. Perplexity is exp(loss), so its ranks are these.
    """
    check_losses(losses.to_frame("loss"), ("loss",))
    values = losses.astype("float64")
    percentiles: pd.Series = (values.rank(method="average") - 0.5) / max(int(values.notna().sum()), 1) * 100
    return percentiles


def check_band(low: float, high: float) -> None:
    """Raise `ConfigurationError` unless these are percentiles with 0 <= low < high <= 100."""
    if not 0 <= low < high <= 100:
        raise ConfigurationError(
            f"there is no band from {low:g} to {high:g}",
            field="low, high",
            fix="take 0 <= low < high <= 100",
        )
