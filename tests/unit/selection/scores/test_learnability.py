import numpy as np
import pandas as pd
import pytest

from instruction_tuning.errors import InputError
from instruction_tuning.selection.scores.learnability import learnability

IDS = ["known", "learnt", "noise", "forgotten", "unmeasured"]


def likelihoods(losses: list[float], tokens: int = 4) -> pd.DataFrame:
    return pd.DataFrame(
        {"answer_loss": losses, "n_answer_tokens": tokens}, index=pd.Index(IDS, name="record_id")
    )


BASE = likelihoods([0.1, 3.0, 5.0, 1.0, np.nan])
SFT = likelihoods([0.05, 0.5, 4.9, 1.5, 1.0])


def test_what_training_made_likely_comes_before_what_is_known_and_what_cannot_be_learnt() -> None:
    scores = learnability(BASE, SFT)
    assert scores.name == "learnability_score" and scores.index.equals(BASE.index)
    np.testing.assert_allclose(scores, [0.05, 2.5, 0.1, -0.5, np.nan])
    assert scores.idxmax() == "learnt"


def test_records_are_matched_by_id() -> None:
    pd.testing.assert_series_equal(learnability(BASE, SFT.iloc[::-1]), learnability(BASE, SFT))


def test_likelihoods_of_another_pool_are_refused() -> None:
    with pytest.raises(InputError, match="different pools: 1 records") as caught:
        learnability(BASE, SFT.drop(index="noise"))
    assert caught.value.record == "noise"


def test_other_tokens_are_refused() -> None:
    other = SFT.assign(n_answer_tokens=[4, 4, 7, 4, 4])
    with pytest.raises(InputError, match="4 tokens for the base model and 7 for the other") as caught:
        learnability(BASE, other.iloc[::-1])
    assert caught.value.record == "noise"
