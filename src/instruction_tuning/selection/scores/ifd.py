"""Instruction-following difficulty: how little a prompt helps a model with the answer.

Li et al. 2023, Cherry (arXiv 2308.12032):

    ifd_score = s(A|Q) / s(A)

with s the mean -log p of the answer's tokens, with the prompt before it and without
(lm/answer_likelihood.py). Near 1 the prompt hardly helps: the model cannot follow it yet. Above 1 it does
harm, mostly where the answer is not to the question, and such records are dropped. The highest that is
kept is the best. O(N).

This is a ratio of losses; superfiltering.py has that of perplexities, which orders records differently.
Departures: none; a ratio of exactly 1 is kept.
"""

import numpy as np
import pandas as pd

from instruction_tuning.selection.scores.prompt_effect import left_out, losses_of

NAME = "ifd_score"


def instruction_following_difficulty(likelihoods: pd.DataFrame, *, keep_truncated: bool = True) -> pd.Series:
    """`ifd_score`, in [0, 1], of each record of `likelihoods` (N), by record id.

    `likelihoods` has answer_loss, direct_answer_loss and, unless `keep_truncated`, is_truncated. NaN for
    those that `ifd_exclusions` names.
    """
    ratio = _ratio(likelihoods)
    out = left_out(ratio, likelihoods, name="IFD", keep_truncated=keep_truncated)
    return ratio.mask(ratio.index.isin(out.index)).rename(NAME)


def ifd_exclusions(likelihoods: pd.DataFrame, *, keep_truncated: bool = True) -> "pd.Series[str]":
    """Why a record has no score, by record id: not measured, above 1, or cut and not `keep_truncated`."""
    return left_out(_ratio(likelihoods), likelihoods, name="IFD", keep_truncated=keep_truncated)


def _ratio(likelihoods: pd.DataFrame) -> pd.Series:
    with_prompt, direct = losses_of(likelihoods)
    return with_prompt / direct.where(direct > 0, np.nan)
