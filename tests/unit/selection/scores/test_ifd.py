import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.errors import InputError
from instruction_tuning.selection.scores.ifd import ifd_exclusions, instruction_following_difficulty
from instruction_tuning.selection.scores.superfiltering import superfiltering, superfiltering_exclusions

LOSSES = pd.DataFrame(
    {
        "answer_loss": [1.0, 3.0, 2.0, np.nan, 0.0, 1.5],
        "direct_answer_loss": [4.0, 2.0, 2.0, 1.0, 0.0, 2.0],
        "is_truncated": [False, False, False, False, False, True],
    },
    index=pd.Index(["helped", "harmed", "same", "unmeasured", "certain", "cut"], name="record_id"),
)


def test_ifd_is_the_ratio_of_losses_and_superfiltering_that_of_perplexities() -> None:
    ifd = instruction_following_difficulty(LOSSES)
    assert ifd.name == "ifd_score" and ifd.index.equals(LOSSES.index)
    assert ifd[["helped", "same", "cut"]].tolist() == [0.25, 1.0, 0.75]
    ratio = superfiltering(LOSSES)
    assert ratio.name == "superfiltering_score"
    np.testing.assert_allclose(ratio[["helped", "same", "cut"]], np.exp([-3.0, 0.0, -0.5]))


def test_the_two_put_records_in_different_orders() -> None:
    losses = pd.DataFrame(
        {"answer_loss": [0.2, 4.0], "direct_answer_loss": [0.4, 5.0]}, index=["easy answer", "hard answer"]
    )
    assert instruction_following_difficulty(losses).idxmax() == "hard answer"
    assert superfiltering(losses).idxmax() == "easy answer"


def test_what_has_no_score_says_why() -> None:
    reasons = ifd_exclusions(LOSSES)
    assert reasons.to_dict() == {
        "harmed": "left: its prompt makes the answer less likely (IFD 1.500, above 1)",
        "unmeasured": "no score: the loss was not measured",
        "certain": "no score: there is no IFD where the answer's loss without its prompt is 0",
    }
    assert superfiltering_exclusions(LOSSES).to_dict() == {
        "harmed": "left: its prompt makes the answer less likely (perplexity ratio 2.718, above 1)",
        "unmeasured": "no score: the loss was not measured",
    }


@pytest.mark.parametrize(
    ("score", "exclusions"),
    [(instruction_following_difficulty, ifd_exclusions), (superfiltering, superfiltering_exclusions)],
)
def test_cut_records_are_left_out_where_that_is_asked_for(score, exclusions) -> None:  # type: ignore[no-untyped-def]
    assert pd.notna(score(LOSSES)["cut"])
    assert pd.isna(score(LOSSES, keep_truncated=False)["cut"])
    assert (
        exclusions(LOSSES, keep_truncated=False)["cut"]
        == "left: prompt or answer was cut to the token budget"
    )
    # A frame that does not tell is enough where nobody asks.
    assert score(LOSSES.drop(columns="is_truncated")).equals(score(LOSSES))
    with pytest.raises(InputError, match="no column is_truncated"):
        score(LOSSES.drop(columns="is_truncated"), keep_truncated=False)


@settings(max_examples=25)
@given(
    st.dictionaries(
        st.text("abc", min_size=1, max_size=4),
        st.tuples(*[st.none() | st.floats(0, 2000)] * 2, st.booleans() | st.none()),
        min_size=1,
    ),
    st.booleans(),
)
def test_every_record_has_a_score_of_at_most_1_or_a_reason(
    rows: dict[str, tuple[float | None, float | None, bool | None]], keep_truncated: bool
) -> None:
    losses = pd.DataFrame.from_dict(
        rows, orient="index", columns=["answer_loss", "direct_answer_loss", "is_truncated"]
    )
    for score, exclusions in (
        (instruction_following_difficulty, ifd_exclusions),
        (superfiltering, superfiltering_exclusions),
    ):
        scores = score(losses, keep_truncated=keep_truncated)
        reasons = exclusions(losses, keep_truncated=keep_truncated)
        assert scores.dtype == np.float64 and scores.dropna().between(0, 1).all()
        assert set(scores.index[scores.isna()]) == set(reasons.index)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (LOSSES.assign(answer_loss=np.inf), "a loss of inf"),
        (LOSSES.assign(direct_answer_loss=-0.5), "a loss of -0.5"),
        (LOSSES.drop(columns="direct_answer_loss"), "no column direct_answer_loss"),
        (pd.concat([LOSSES, LOSSES.iloc[:1]]), "occur more than once"),
    ],
)
def test_what_is_no_likelihood_is_refused(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=message):
        instruction_following_difficulty(frame)
    with pytest.raises(InputError, match=message):
        superfiltering(frame)
