"""What a model has learnt of an answer by being trained on others: high where there was something to learn.

Mindermann et al. 2022, RHO-LOSS (arXiv 2206.07137), prefer records by their reducible holdout loss,

    L[y|x; D_t] - L[y|x; D_ho]

the loss under the model in training less that under one trained on held-out data, which stands for what
cannot be learnt. Here the base model is the former and an SFT model, of an earlier run, the latter; per
token,

    learnability_score = 1/n sum_i log p_SFT(a_i | Q, a_<i) - 1/n sum_i log p_base(a_i | Q, a_<i)
                       = answer_loss(base) - answer_loss(SFT)

in nats. What the base says already has a low loss under both, and noise (wrong answers, private facts) a
high loss under both: either way the difference is near 0. Negative: what the training has made less
likely. O(N).
Departures: measured once and not at every step; the holdout model is as large as the other, and is trained
on another selection, not on held-out records of the same. What the SFT model
was trained on is memorised, not learnt, and is not told apart here: leave it out of what is chosen from.
"""

import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.selection.scores.loss_inputs import check_losses, check_same_records

NAME = "learnability_score"
_COLUMNS = ("answer_loss", "n_answer_tokens")


def learnability(base_likelihoods: pd.DataFrame, sft_likelihoods: pd.DataFrame) -> pd.Series:
    """`learnability_score` in nats a token, by the record ids of `base_likelihoods`; NaN where not measured.

    Both (answer_loss, n_answer_tokens) are of the same records, matched by id, and of the same tokens: raises
    `InputError` where they are not.
    """
    _check(base_likelihoods, sft_likelihoods)
    before = base_likelihoods["answer_loss"].astype("float64")
    after = sft_likelihoods["answer_loss"].astype("float64").reindex(before.index)
    return (before - after).rename(NAME)


def _check(base: pd.DataFrame, sft: pd.DataFrame) -> None:
    for likelihoods in (base, sft):
        check_losses(likelihoods, _COLUMNS)
    check_same_records(base, sft)
    before, after = (frame["n_answer_tokens"].astype("float64") for frame in (base, sft))
    other = before.ne(after.reindex(before.index)) & before.notna() & after.reindex(before.index).notna()
    if other.any():
        record = str(other.index[int(other.to_numpy().argmax())])
        raise InputError(
            f"the answer has {before[record]:.0f} tokens for the base model and {after[record]:.0f} for the "
            "other, so their losses cannot be compared",
            record=record,
            field="n_answer_tokens",
            fix="measure both with one tokenizer, prompt form and token budget",
        )
