import pandas as pd
import pytest

from instruction_tuning.verification.rating import instruction_text, parse_rating, rating_requests


@pytest.mark.parametrize(
    ("reply", "rating"),
    [
        ("Rating: 8", 8.0),
        ("It is short.\n**Rating:** 9/10", 9.0),
        ("rating: 7.5.", 7.5),
        ("Rating: 3 at first, but then\nRating: 4", 4.0),
        ("评分：10", 10.0),
        ("Rating: 0", None),
        ("Rating: 11", None),
        ("Rating: 100", None),
        ("Rating: 4/5", None),
        ("Rating: 1-10", None),
        ("Rating: <1-10>", None),
        ("Rating: -3", None),
        ("I would rather not put a number on this.", None),
        ("8", None),
        ("", None),
    ],
)
def test_a_rating_is_read_or_null(reply, rating):
    assert parse_rating(reply) == rating


def responses(**columns) -> pd.DataFrame:
    question = [{"role": "user", "content": "Name a colour."}]
    base = {
        "record_id": ["r", "r"],
        "sample_index": [0, 1],
        "messages": [question] * 2,
        "response": ["Red", "Red"],
    }
    return pd.DataFrame({**base, **columns})


def test_identical_responses_make_identical_requests():
    first, second = rating_requests(responses(), temperature=0.0, max_tokens=8, seed=1)
    assert first.body("m", missing=1, part=0) == second.body("m", missing=1, part=0)
    assert (first.sample_index, second.sample_index) == (0, 1)
    assert "[Instruction]\nName a colour.\n[Response]\nRed\n[End]" in first.messages[0][1]


def test_a_conversation_is_shown_as_a_transcript():
    turns = [{"role": r, "content": c} for r, c in (("user", "Hi"), ("assistant", "Hello"), ("user", "Bye"))]
    assert instruction_text(turns) == "User: Hi\n\nAssistant: Hello\n\nUser: Bye"
    assert instruction_text(turns[:1]) == "Hi"
