import pandas as pd

from instruction_tuning.selection.measures.overlap import overlap


def test_jaccard_is_what_both_have_of_what_either_has() -> None:
    names = ["ifd", "random"]
    pd.testing.assert_frame_equal(
        overlap({"ifd": ["a", "b", "c", "d"], "random": ["d", "e"]}),
        pd.DataFrame([[1.0, 0.2], [0.2, 1.0]], index=names, columns=names),
    )


def test_an_empty_selection_shares_nothing_and_two_of_them_cannot_be_told() -> None:
    measured = overlap({"none": [], "some": ["a"]})
    assert measured.loc["none", "some"] == 0
    assert measured.isna().to_numpy().tolist() == [[True, False], [False, False]]


def test_the_order_within_a_selection_does_not_matter() -> None:
    assert overlap({"one": ["a", "b"], "other": ["b", "a"]}).loc["one", "other"] == 1
