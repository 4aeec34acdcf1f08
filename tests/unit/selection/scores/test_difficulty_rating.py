import pandas as pd
import pytest

from instruction_tuning.selection.scores.difficulty_rating import (
    difficulty_ratings,
    difficulty_requests,
    parse_difficulty,
)


@pytest.mark.parametrize(
    ("reply", "difficulty"),
    [
        ("Difficulty: 8", 8.0),
        ("Two steps.\n**Difficulty:** 4/10", 4.0),
        ("Difficulty: 3 at first, but then\nDifficulty: 4", 4.0),
        ("难度：10", 10.0),
        ("Difficulty: 0", None),
        ("Difficulty: 11", None),
        ("Difficulty: 1-10", None),
        ("Difficulty: 4/5", None),
        ("Rating: 4", None),
        ("I would rather not put a number on this.", None),
        ("", None),
    ],
)
def test_a_difficulty_is_read_or_null(reply: str, difficulty: float | None) -> None:
    assert parse_difficulty(reply) == difficulty


def test_a_conversation_is_asked_about_as_a_transcript_without_its_last_answer() -> None:
    turns = [{"role": r, "content": c} for r, c in (("user", "1"), ("assistant", "2"), ("user", "3"))]
    pool = pd.DataFrame(
        {"record_id": ["a"], "messages": [[*turns, {"role": "assistant", "content": "hidden"}]]}
    )
    request = difficulty_requests(pool, temperature=0.0, max_tokens=8, seed=0)[0]
    assert (
        "[Request to judge]\nUser: 1\n\nAssistant: 2\n\nUser: 3\n[End of request]" in request.messages[0][1]
    )
    assert (request.kind, request.num_samples) == ("difficulty", 1)


def test_a_difficulty_that_is_missing_is_null() -> None:
    completions = pd.DataFrame(
        {"record_id": ["a", "b"], "response": ["Difficulty: 8", "Hard."], "status": ["ok", "ok"]}
    )
    found = difficulty_ratings(completions)
    assert found.loc["a", "difficulty_score"] == 8 and pd.isna(found.loc["b", "difficulty_score"])
