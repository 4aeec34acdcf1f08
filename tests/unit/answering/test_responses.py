import pandas as pd
import pytest

from instruction_tuning.answering import responses
from instruction_tuning.verification import rating
from instruction_tuning.verification.rating_form import RatingForm

RESPONSES = pd.DataFrame(
    {"record_id": ["a", "a", "b", "c"], "sample_index": [0, 1, 0, 0], "rating": None, "rating_status": ""},
    index=[7, 8, 9, 10],
)


def replies(*rows: tuple[str, int, str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["record_id", "sample_index", "response"])
    return frame.assign(status=frame["response"].notna().map({True: "ok", False: "failed"}))


def test_each_response_gets_its_own_mark_or_none_with_the_reason():
    told = replies(("b", 0, "Rating: 3"), ("a", 1, "no mark"), ("a", 0, "Rating: 9"), ("c", 0, None))
    rated = responses.with_ratings(RESPONSES, rating.with_marks(told))
    assert rated["rating"].tolist() == pytest.approx([9, float("nan"), 3, float("nan")], nan_ok=True)
    assert rated["rating_status"].tolist() == ["ok", "unparseable", "ok", "failed"]
    assert rated.index.tolist() == RESPONSES.index.tolist()


def test_a_response_that_nobody_was_asked_about_is_not_rated():
    rated = responses.with_ratings(RESPONSES, rating.with_marks(replies(("a", 0, "Rating: 9"))))
    assert rated["rating_status"].tolist() == ["ok", "failed", "failed", "failed"]


def test_an_answer_that_was_cut_off_has_failed_whatever_it_says():
    query = pd.DataFrame({"record_id": ["a"], "prompt": ["What is 2 + 3?"], "messages": [[]]})
    answers = replies(("a", 0, "2 + 3 = 5"), ("a", 1, "2 + 3 = 5"), ("a", 2, None)).assign(
        model="teacher", finish_reason=["stop", "length", None]
    )
    checked = responses.checked_responses(query, answers)
    assert checked["check"].tolist() == ["passed", "failed", "none"]
    assert checked["check_detail"].tolist()[1] == "cut off at max_tokens"


def test_without_responses_the_columns_are_there():
    rated = responses.with_ratings(RESPONSES.head(0), rating.with_marks(replies()))
    assert rated.empty and rated["rating"].dtype == "float64"


def test_a_reply_is_read_once(monkeypatch):
    read: list[str] = []
    monkeypatch.setattr(RatingForm, "mark", lambda form, reply: read.append(reply) or 5.0)
    marked = rating.with_marks(replies(("a", 0, "Rating: 9"), ("a", 1, "Rating: 8")))
    rating.refuse_unreadable(marked, max_unreadable_rate=0.0)
    responses.with_ratings(RESPONSES, marked)
    assert read == ["Rating: 9", "Rating: 8"]
