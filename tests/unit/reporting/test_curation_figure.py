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
    assert list(first[0].x) == [1.5, 4.2]
    assert list(first[1].y) == [1, 0, 0, 1, 0] and list(second[1].y) == [0, 0, 0, 0, 1]
    assert (first[2].y[0], second[2].y[0]) == (1, 2)
    assert (first[3].y[0], second[3].y[0]) == (1.0, 0.5)


def test_a_round_that_nobody_was_asked_in_has_no_parse_rate() -> None:
    rows = pd.DataFrame(
        {"round": [1], "expected_score": [None], "text_score": [None], "parse_ok": [None], "kept": [False]}
    )
    assert curation_figure(rows, least_score=4.0).data[3].y[0] is None
