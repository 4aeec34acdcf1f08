"""What ratios of an answer's loss with its prompt and without have in common: whom they leave out."""

import numpy as np
import pandas as pd

from instruction_tuning.selection.scores.loss_inputs import NOT_MEASURED, check_losses

COLUMNS = ("answer_loss", "direct_answer_loss")
MOST = 1.0


def losses_of(likelihoods: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """answer_loss and direct_answer_loss as float64, checked."""
    check_losses(likelihoods, COLUMNS)
    with_prompt, direct = (likelihoods[column].astype("float64") for column in COLUMNS)
    return with_prompt, direct


def left_out(
    ratio: pd.Series, likelihoods: pd.DataFrame, *, name: str, keep_truncated: bool
) -> "pd.Series[str]":
    """Why a record has no score, of those that have none, by record id.

    `ratio` (N,) is NaN where a loss is, and where the answer's loss without its prompt is 0.
    """
    cut = np.zeros(len(ratio), dtype=bool)
    if not keep_truncated:
        check_losses(likelihoods, ("is_truncated",))
        cut = likelihoods["is_truncated"].eq(True).to_numpy(dtype=bool)
    unmeasured = likelihoods[list(COLUMNS)].isna().any(axis=1).to_numpy()
    out = ~(ratio.to_numpy() <= MOST) | cut
    reasons = [
        _reason(value, name, is_measured=not gone, is_cut=short)
        for value, gone, short in zip(ratio[out], unmeasured[out], cut[out], strict=True)
    ]
    return pd.Series(reasons, index=ratio.index[out], name="reason", dtype="str")


def _reason(ratio: float, name: str, *, is_measured: bool, is_cut: bool) -> str:
    if not is_measured:
        return NOT_MEASURED
    if is_cut:
        return "left: prompt or answer was cut to the token budget"
    if np.isnan(ratio):
        return f"no score: there is no {name} where the answer's loss without its prompt is 0"
    return f"left: its prompt makes the answer less likely ({name} {ratio:.3f}, above 1)"
