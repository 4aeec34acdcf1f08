import pandas as pd
import pytest

from instruction_tuning.errors import FailureRateError
from instruction_tuning.selection.replies import marks_by_record, refuse_unreadable_replies

COMPLETIONS = pd.DataFrame(
    {
        "record_id": ["a", "b", "c"],
        "response": ["4", "four", None],
        "status": ["ok", "ok", "failed"],
    }
)


def read(reply: str) -> float | None:
    return float(reply) if reply.isdigit() else None


def test_what_did_not_come_and_what_cannot_be_read_are_told_apart_and_both_null() -> None:
    marks = marks_by_record(COMPLETIONS, read, name="mark")
    assert marks["mark"].isna().tolist() == [False, True, True] and marks.loc["a", "mark"] == 4
    assert marks["status"].to_dict() == {"a": "ok", "b": "unparseable", "c": "failed"}


def test_the_share_of_unreadable_replies_is_of_those_that_came() -> None:
    statuses = marks_by_record(COMPLETIONS, read, name="mark")["status"]
    said = {"asked_for": "whole number", "field": "query_selection.max_unreadable_rate"}
    refuse_unreadable_replies(statuses, COMPLETIONS["response"], **said, max_unreadable_rate=0.5)
    with pytest.raises(FailureRateError, match=r"1 of 2 replies hold no whole number.*'four'"):
        refuse_unreadable_replies(statuses, COMPLETIONS["response"], **said, max_unreadable_rate=0.4)
