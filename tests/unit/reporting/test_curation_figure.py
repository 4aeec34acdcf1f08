import pandas as pd

from instruction_tuning.reporting.curation_figure import curation_figure


def test_each_round_has_its_scores_levels_kept_count_and_parse_rate() -> None:
    rows = pd.DataFrame(
        {
            "round": [1, 1, 1, 2, 2, 2],
            "expected_score": [1.5, 4.2, None, 4.6, 4.7, None],
            "text_score": [1.0, 4.0, None, 5.0, None, None],
            "parse_ok": [True, True, None, True, False, None],
            "kept": [False, True, False, True, True, False],
        }
    )
    drawn = curation_figure(rows, least_score=4.0)
    first, second = drawn.data[:4], drawn.data[4:]
    assert sum(first[0].y) == 2 and [x for x, y in zip(first[0].x, first[0].y, strict=True) if y] == [
        1.5,
        4.2,
    ]
    assert list(first[1].y) == [1, 0, 0, 1, 0] and list(second[1].y) == [0, 0, 0, 0, 1]
    assert (first[2].text[0], second[2].text[0]) == ("1 of 3", "2 of 3")
    assert (first[3].x[0], second[3].x[0]) == (1.0, 0.5)
    # Side by side: bars of one place on each other would hide the round before.
    assert drawn.layout.barmode == "group" and first[1].offsetgroup != second[1].offsetgroup


def test_a_round_that_nobody_was_asked_in_has_no_parse_rate() -> None:
    rows = pd.DataFrame(
        {"round": [1], "expected_score": [None], "text_score": [None], "parse_ok": [None], "kept": [False]}
    )
    assert curation_figure(rows, least_score=4.0).data[3].x[0] is None
