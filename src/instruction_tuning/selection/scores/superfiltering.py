"""Superfiltering: the difficulty of an instruction as a small model sees it, for a larger one.

Li et al. 2024 (arXiv 2402.00530). Their score is the ratio of perplexities,

    superfiltering_score = PPL(A|Q) / PPL(A) = exp(s(A|Q) - s(A))

where Cherry's (ifd.py) is the ratio of the losses s themselves. The two order records differently: one
looks at the difference of losses, the other at their quotient, so that easy answers weigh more in the
latter. What is meant by a "weak" model is only that the likelihoods come from one, GPT-2 in the paper,
untrained; any model folder will do. Records above 1 are dropped; the highest that is kept is the best.
O(N).
Departures: both losses are over the same tokens (the published code leaves the answer's first token out of
s(A) alone); a record that cannot be measured is NaN, not 0; a ratio of exactly 1 is kept.
"""

import numpy as np
import pandas as pd

from instruction_tuning.selection.scores.prompt_effect import left_out, losses_of

NAME = "superfiltering_score"


def superfiltering(likelihoods: pd.DataFrame, *, keep_truncated: bool = True) -> pd.Series:
    """`superfiltering_score`, in (0, 1], of each record of `likelihoods` (as of ifd.py; by record id).

    NaN for those that `superfiltering_exclusions` names.
    """
    ratio = _ratio(likelihoods)
    out = left_out(ratio, likelihoods, name="perplexity ratio", keep_truncated=keep_truncated)
    return ratio.mask(ratio.index.isin(out.index)).rename(NAME)


def superfiltering_exclusions(likelihoods: pd.DataFrame, *, keep_truncated: bool = True) -> "pd.Series[str]":
    """Why a record has no score, by record id: not measured, above 1, or cut and not `keep_truncated`."""
    return left_out(_ratio(likelihoods), likelihoods, name="perplexity ratio", keep_truncated=keep_truncated)


def _ratio(likelihoods: pd.DataFrame) -> pd.Series:
    with_prompt, direct = losses_of(likelihoods)
    # Above 700 nats exp overflows; that far above 1 one ratio is as good as another.
    differences = (with_prompt - direct).clip(upper=700.0)
    return pd.Series(np.exp(differences.to_numpy()), index=differences.index)
