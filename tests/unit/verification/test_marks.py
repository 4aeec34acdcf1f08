import pandas as pd
import pytest

from instruction_tuning.errors import FailureRateError
from instruction_tuning.verification.marks import (
    last_mark,
    mark_pattern,
    read_marks,
    refuse_unreadable_replies,
)

COMPLETIONS = pd.DataFrame(
    {"response": ["4", "four", None], "status": ["ok", "ok", "failed"]}, index=[7, 8, 9]
)


def read(reply: str) -> float | None:
    return float(reply) if reply.isdigit() else None


@pytest.mark.parametrize(
    ("reply", "mark"),
    [
        ("**Taste:** 3/4", 3.0),
        ("smell: 1\nTASTE: 2.5", 2.5),
        ("Taste: 1, no,\nSmell: 4", 4.0),
        ("Taste: 3\nTaste: 5", None),
        ("Taste: 3/5", None),
        ("Taste: 1-4", None),
        ("Colour: 3", None),
    ],
)
def test_the_last_mark_of_a_name_counts_if_it_is_on_the_scale(reply: str, mark: float | None) -> None:
    assert last_mark(reply, mark_pattern("taste|smell"), lowest=1, highest=4) == mark


def test_what_did_not_come_and_what_cannot_be_read_are_told_apart_and_both_null() -> None:
    marks = read_marks(COMPLETIONS, read)
    assert marks["mark"].isna().tolist() == [False, True, True] and marks.loc[7, "mark"] == 4
    assert marks["mark_status"].to_dict() == {7: "ok", 8: "unparseable", 9: "failed"}
    assert marks["response"].equals(COMPLETIONS["response"])


def test_the_share_of_unreadable_replies_is_of_those_that_came() -> None:
    statuses = read_marks(COMPLETIONS, read)["mark_status"]
    said = {"asked_for": "whole number", "field": "query_selection.max_unreadable_rate"}
    refuse_unreadable_replies(statuses, COMPLETIONS["response"], **said, max_unreadable_rate=0.5)
    with pytest.raises(FailureRateError, match=r"1 of 2 replies hold no whole number.*'four'"):
        refuse_unreadable_replies(statuses, COMPLETIONS["response"], **said, max_unreadable_rate=0.4)
