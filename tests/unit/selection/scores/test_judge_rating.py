import pandas as pd

from instruction_tuning.selection.scores.judge_rating import (
    judge_rating_requests,
    judge_ratings,
)

POOL = pd.DataFrame(
    {
        "record_id": ["a", "b"],
        "messages": [
            [{"role": "user", "content": "Add 1 and 2."}, {"role": "assistant", "content": "3"}],
            [{"role": "user", "content": "Name a colour."}],
        ],
        "answer": ["3", None],
    }
)


def test_only_answers_that_are_there_are_rated_and_the_question_is_shown_without_them() -> None:
    requests = judge_rating_requests(POOL, temperature=0.0, max_tokens=8, seed=0)
    assert [(request.record_id, request.kind) for request in requests] == [("a", "rating")]
    assert "[Instruction]\nAdd 1 and 2.\n[Response]\n3\n[End]" in requests[0].messages[0][1]


def test_a_rating_that_is_missing_is_null() -> None:
    completions = pd.DataFrame(
        {
            "record_id": ["a", "b", "c"],
            "response": ["Rating: 8", "It is fine.", None],
            "status": ["ok", "ok", "failed"],
        }
    )
    ratings = judge_ratings(completions)
    assert ratings["judge_rating_score"].isna().tolist() == [False, True, True]
    assert ratings["status"].tolist() == ["ok", "unparseable", "failed"]
