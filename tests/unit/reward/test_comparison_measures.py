import pandas as pd
import pytest

from instruction_tuning.reward.compared_responses import compared_responses
from instruction_tuning.reward.comparison_measures import (
    comparison_metrics,
    place_effects,
    win_table,
)
from instruction_tuning.reward.comparison_pairs import comparison_pairs, vote_rows
from instruction_tuning.verification.joint_rating import JOINT_DTYPES, shown_orders


def compared(centres: dict[str, float], *, first: float, queries: int = 8) -> pd.DataFrame:
    """Answers whose ratings are the model's centre, and `first` points more in the first place."""
    answers, rated = [], []
    for number in range(queries):
        record = f"q{number}"
        texts = [f"{name} says {number}" for name in centres]
        for index, (name, text) in enumerate(zip(centres, texts, strict=True)):
            answers.append(
                {
                    "response_id": f"{record}-{index:02d}",
                    "record_id": record,
                    "sample_index": index,
                    "model": name,
                    "is_judges_own": name == "own",
                    "prompt": "?",
                    "messages": [{"role": "user", "content": "?"}],
                    "response": text,
                    "check": "none",
                    "check_detail": None,
                }
            )
        for order, shown in enumerate(shown_orders(record, texts, orders=None, seed=3)):
            for place, text in enumerate(shown, start=1):
                rating = centres[text.split(" ")[0]] + first * (place == 1)
                rated.append((record, text, order, place, len(texts), rating, "ok"))
    joint = pd.DataFrame(rated, columns=list(JOINT_DTYPES)).astype(JOINT_DTYPES)
    return compared_responses(pd.DataFrame(answers), None, joint, score_from="joint")


def test_over_all_orders_a_fondness_for_the_first_place_changes_no_verdict():
    frame = compared({"own": 7.0, "weak": 6.5}, first=2.0)
    pairs = comparison_pairs(frame)
    assert (pairs["chosen_model"] == "own").all() and (pairs["margin"] == 0.5).all()
    metrics = comparison_metrics(frame, pairs, seed=0)
    assert metrics["first_minus_last_place"] == pytest.approx(2.0)
    assert metrics["order_consistency_rate"] == 0, "in each order it is the first that wins"
    assert metrics["self_preference"] == pytest.approx(0.5)
    assert "self_preference_same_check" not in metrics, "nothing was checked"


def test_without_a_fondness_no_place_is_worth_anything():
    frame = compared({"own": 7.0, "weak": 5.0, "third": 5.0}, first=0.0)
    effects = place_effects(frame, seed=0)
    assert effects["effect"].abs().max() < 1e-9 and effects["place"].tolist() == [1, 2, 3]
    pairs = comparison_pairs(frame)
    assert pairs["tie"].sum() == 8 and comparison_metrics(frame, pairs, seed=0)["order_consistency_rate"] == 1
    wins = win_table(pairs).set_index(["first", "second"])
    assert wins.loc[("third", "weak"), ["wins", "ties", "losses"]].tolist() == [0, 8, 0]
    assert wins.loc[("own", "weak"), ["wins", "ties", "losses"]].tolist() == [8, 0, 0]


def test_a_tie_is_a_vote_for_neither_and_the_better_answer_is_not_always_first():
    frame = compared({"own": 7.0, "weak": 5.0, "third": 5.0}, first=0.0)
    votes = vote_rows(comparison_pairs(frame))
    assert votes["preference"].value_counts()[0] == 8
    assert set(votes["preference"]) == {0, 1, 2}


def test_an_answer_that_one_order_does_not_rate_has_no_score():
    frame = compared({"own": 7.0, "weak": 5.0}, first=0.0, queries=1)
    answers = frame.drop(columns=[name for name in frame if name.startswith(("joint", "alone", "score"))])
    joint = pd.DataFrame(
        [("q0", "own says 0", 0, 1, 2, 7.0, "ok"), ("q0", "own says 0", 1, 2, 2, None, "unparseable")],
        columns=list(JOINT_DTYPES),
    ).astype(JOINT_DTYPES)
    again = compared_responses(answers, None, joint, score_from="joint")
    assert again["joint_status"].tolist() == ["unparseable", "failed"] and again["score"].isna().all()
    assert again["joint_scores"].tolist() == [[7.0, None], []]
    assert comparison_pairs(again).empty
    metrics = comparison_metrics(again, comparison_pairs(again), seed=0)
    assert metrics["unscored"] == 2 and "tie_rate" not in metrics
