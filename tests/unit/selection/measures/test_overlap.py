import pandas as pd

from instruction_tuning.selection.measures.overlap import overlap


def test_jaccard_is_of_the_union_and_the_share_is_of_the_rows() -> None:
    measured = overlap({"ifd": ["a", "b", "c", "d"], "random": ["d", "e"]})
    names = ["ifd", "random"]
    pd.testing.assert_frame_equal(
        measured.jaccard, pd.DataFrame([[1.0, 0.2], [0.2, 1.0]], index=names, columns=names)
    )
    pd.testing.assert_frame_equal(
        measured.share, pd.DataFrame([[1.0, 0.25], [0.5, 1.0]], index=names, columns=names)
    )


def test_an_empty_selection_shares_nothing_and_has_no_share() -> None:
    measured = overlap({"none": [], "some": ["a"]})
    assert measured.jaccard.loc["none", "some"] == 0
    assert measured.jaccard.isna().to_numpy().tolist() == [[True, False], [False, False]]
    assert measured.share.isna().to_numpy().tolist() == [[True, True], [False, False]]


def test_the_order_within_a_selection_does_not_matter() -> None:
    assert overlap({"one": ["a", "b"], "other": ["b", "a"]}).jaccard.loc["one", "other"] == 1
