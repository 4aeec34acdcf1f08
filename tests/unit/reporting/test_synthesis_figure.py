"""What each filter took, as bars."""

import pandas as pd

from instruction_tuning.reporting.synthesis_figure import synthesis_figure


def test_what_was_kept_stands_first_and_then_the_filter_that_took_most() -> None:
    counts = pd.DataFrame(
        [
            ("self_instruct", 1, "too_similar", 5),
            ("self_instruct", 2, "too_similar", 4),
            ("self_instruct", 1, None, 3),
            ("textbook", 1, "empty", 6),
            ("textbook", 1, None, 2),
        ],
        columns=["method", "round", "drop_reason", "rows"],
    )
    first, second = synthesis_figure(counts).data
    assert list(first.y) == list(second.y) == ["kept", "too similar", "empty"]
    assert (first.name, list(first.x)) == ("self instruct", [3, 9, 0])
    assert (second.name, list(second.x)) == ("textbook", [2, 0, 6])


def test_nothing_written_is_an_empty_figure() -> None:
    counts = pd.DataFrame(columns=["method", "round", "drop_reason", "rows"])
    assert len(synthesis_figure(counts).data) == 0
