from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.selection.ladders.joint_scoring import (
    joint_score_requests,
    parse_joint_scores,
    with_joint_scores,
)

CALL: dict[str, Any] = {"temperature": 0.0, "max_tokens": 64, "seed": 5}


def ladder(record_id: str, texts: list[str | None], aspect: str = "complexity") -> pd.DataFrame:
    count = len(texts)
    return pd.DataFrame(
        {
            "record_id": record_id,
            "rung": range(count),
            "instruction": texts if aspect == "complexity" else ["What is 3 + 4?"] * count,
            "answer": [None] * count if aspect == "complexity" else texts,
            "status": ["ok" if text is not None else "unanswered" for text in texts],
        }
    )


@pytest.mark.parametrize(
    ("reply", "scores"),
    [
        ("[1] Score: 2\n[2] Score: 5\n[3] Score: 6", [2.0, 5.0, 6.0]),
        ("[3] Score: 6\n[1] Score: 2\n[2] Score: 5", [2.0, 5.0, 6.0]),
        ("Here they are:\n- **[1] Score:** 2/6\n[2]: Score: 5\n[3] 得分：4", [2.0, 5.0, 4.0]),
        ("[1] Score: 2\n[3] I would rather not put a number on this.", [2.0, None, None]),
        ("[1] Score: 0\n[2] Score: 7\n[3] Score: 3.5", [None, None, None]),
        ("[1] Score: 4/10\n[2] Score: 1-6\n[3] Score: ...", [None, None, None]),
        ("[1] Score: 2\n[1] Score: 3\n[2] Score: 4\n[2] Score: 4\n[4] Score: 1", [None, 4.0, None]),
        ("All of them are fine: 1 Score: 3", [None, None, None]),
        ("", [None, None, None]),
    ],
)
def test_a_score_is_read_by_its_number_or_null(reply: str, scores: list[float | None]) -> None:
    assert parse_joint_scores(reply, 3) == scores


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="[]123 Score:/.\n-*", max_size=60), st.integers(0, 7))
def test_no_reply_gives_a_score_off_the_scale(reply: str, versions: int) -> None:
    scores = parse_joint_scores(reply, versions)
    assert len(scores) == versions and all(score is None or 1 <= score <= 6 for score in scores)


def answer(request: ChatRequest, score_of: dict[str, int]) -> str:
    """What a judge says who knows the score of each text."""
    shown = request.messages[0][1].rpartition("[End of")[0].split("[Version ")[1:]
    texts = [part.partition("]\n")[2].strip() for part in shown]
    return "\n".join(f"[{number}] Score: {score_of[text]}" for number, text in enumerate(texts, start=1))


@pytest.mark.parametrize("aspect", ["complexity", "quality"])
def test_each_version_gets_its_own_score_whatever_the_order_shown(aspect: Any) -> None:
    texts: list[str | None] = ["one", "two", None, "three", "four"]
    scores = {"one": 1, "two": 2, "three": 4, "four": 6}
    ladders = pd.concat([ladder(f"r{n}", texts, aspect) for n in range(12)], ignore_index=True)
    requests = joint_score_requests(ladders, aspect=aspect, **CALL)
    orders = {request.messages[0][1].partition("[Version 1]\n")[2].partition("\n")[0] for request in requests}
    assert len(requests) == 12 and len(orders) > 2  # the seed is not always shown first
    completions = pd.DataFrame(
        {
            "record_id": [request.record_id for request in requests],
            "response": [answer(request, scores) for request in requests],
            "status": "ok",
        }
    )
    scored = with_joint_scores(ladders.sample(frac=1, random_state=0), completions, aspect=aspect, seed=5)
    said = scored["instruction" if aspect == "complexity" else "answer"]
    for text, score, status in zip(said, scored["score"], scored["score_status"], strict=True):
        if pd.isna(text):
            assert pd.isna(score) and status == "not_asked"
        else:
            assert score == scores[text] and status == "ok"


def test_the_request_of_a_quality_ladder_shows_what_was_asked() -> None:
    request = joint_score_requests(ladder("r", ["7", "8"], "quality"), aspect="quality", **CALL)[0]
    assert "[Request answered]\nWhat is 3 + 4?\n[Answers to score]\n[Version 1]\n" in request.messages[0][1]


def test_missing_and_unreadable_scores_stay_null_with_their_status() -> None:
    ladders = pd.concat([ladder("a", ["x", "y"]), ladder("b", ["x", "y"]), ladder("c", ["x"])])
    assert [r.record_id for r in joint_score_requests(ladders, aspect="complexity", **CALL)] == ["a", "b"]
    completions = pd.DataFrame(
        {"record_id": ["a", "b"], "response": ["[1] Score: 3", None], "status": ["ok", "failed"]}
    )
    scored = with_joint_scores(ladders, completions, aspect="complexity", seed=5)
    assert sorted(scored["score_status"]) == ["failed", "failed", "not_asked", "ok", "unparseable"]
    assert scored["score"].notna().sum() == 1
