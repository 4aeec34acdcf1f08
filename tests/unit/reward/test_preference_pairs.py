from typing import Any

import pandas as pd
import pytest
from training_builders import rated_response

from instruction_tuning.errors import InputError
from instruction_tuning.reward.preference_pairs import (
    PairCounts,
    build_preference_pairs,
    leave_out_overlength,
    pair_counts,
)
from instruction_tuning.schemas.pair_decisions import PairDecisions
from instruction_tuning.schemas.preference_pairs import PreferencePairs


def pair(rows: list[dict[str, Any]], **changes: Any) -> tuple[pd.DataFrame, PairCounts]:
    pairs, _, counts = decide(rows, **changes)
    return pairs, counts


def decide(rows: list[dict[str, Any]], **changes: Any) -> tuple[pd.DataFrame, pd.DataFrame, PairCounts]:
    # A record of its own that is held out, so that single-record cases can be told.
    rows = [*rows, rated_response("other", "o1", 1), rated_response("other", "o2", 2)]
    options = {
        "test_records": {"other"},
        "preference": "rating",
        "min_margin": 0,
        "max_pairs": 1000,
        "seed": 0,
    }
    frame = pd.DataFrame(rows)
    pairs, decisions = build_preference_pairs(frame, **options | changes)
    return pairs, decisions, pair_counts(frame, decisions)


def of(pairs: pd.DataFrame, record_id: str = "r") -> list[tuple[str, str]]:
    rows = pairs[pairs["record_id"] == record_id]
    return sorted(zip(rows["chosen"], rows["rejected"], strict=True))


def test_three_ratings_give_three_pairs_the_higher_first() -> None:
    pairs, _ = pair([rated_response("r", name, rating) for name, rating in (("a", 3), ("b", 9), ("c", 5))])
    PreferencePairs.validate(pairs)
    assert of(pairs) == [
        ("answer b", "answer a"),
        ("answer b", "answer c"),
        ("answer c", "answer a"),
    ]
    assert set(pairs.loc[pairs["record_id"] == "r", "margin"]) == {6, 4, 2}


def test_ties_and_equal_texts_are_dropped_and_counted() -> None:
    pairs, counts = pair(
        [
            rated_response("r", "a", 5),
            rated_response("r", "b", 5),
            rated_response("r", "c", 7, response="answer a"),
        ]
    )
    assert of(pairs) == [("answer a", "answer b")]
    assert counts.ties_dropped == 2


def test_an_unrated_answer_is_left_out_and_counted() -> None:
    pairs, counts = pair(
        [rated_response("r", "a", 5), rated_response("r", "b", None), rated_response("r", "c", 6)]
    )
    assert of(pairs) == [("answer c", "answer a")]
    assert counts.unrated == 1 and counts.responses == 5


def test_a_passed_check_beats_a_better_rating_only_when_asked_to() -> None:
    rows = [
        rated_response("r", "right", 4, check="passed"),
        rated_response("r", "fluent", 9, check="failed"),
    ]
    assert of(pair(rows)[0]) == [("answer fluent", "answer right")]
    pairs, _ = pair(rows, preference="check_then_rating")
    assert of(pairs) == [("answer right", "answer fluent")]
    assert pairs.loc[pairs["record_id"] == "r", "margin"].item() == -5


def many(records: int) -> list[dict[str, Any]]:
    return [
        rated_response(f"r{record}", f"r{record}-{number}", number)
        for record in range(records)
        for number in range(3)
    ]


HELD = {f"r{number}" for number in range(10)}


def test_the_held_out_records_and_only_they_are_the_test() -> None:
    pairs, _ = pair(many(50), test_records=HELD)
    assert set(pairs.loc[pairs["split"] == "test", "record_id"]) == HELD
    assert not set(pairs.loc[pairs["split"] == "train", "record_id"]) & HELD


def test_held_out_records_without_a_pair_leave_the_test_empty() -> None:
    pairs, _ = pair(many(5), test_records={"elsewhere"})
    assert set(pairs["split"]) == {"train"}


def test_the_order_of_the_answers_does_not_matter() -> None:
    pairs, _ = pair(many(20), test_records=HELD, max_pairs=20)
    again, _ = pair(many(20)[::-1], test_records=HELD, max_pairs=20)
    pd.testing.assert_frame_equal(pairs, again)


def test_too_many_training_pairs_are_thinned_and_counted() -> None:
    pairs, counts = pair(many(50), test_records=HELD, max_pairs=40)
    assert (pairs["split"] == "train").sum() == 40
    assert counts.pairs + counts.beyond_max_pairs + counts.ties_dropped == 151
    assert (pairs["split"] == "test").sum() == 30


def test_no_pair_at_all_is_an_error_that_says_why() -> None:
    rows = pd.DataFrame([rated_response("r", "a", 5), rated_response("r", "b", 5)])
    with pytest.raises(InputError, match="1 are ties"):
        build_preference_pairs(
            rows, test_records=set(), preference="rating", min_margin=0, max_pairs=10, seed=0
        )


def test_pairs_of_held_out_records_alone_cannot_be_trained_on() -> None:
    rows = pd.DataFrame([rated_response("r", "a", 5), rated_response("r", "b", 6)])
    with pytest.raises(InputError, match="held-out"):
        build_preference_pairs(
            rows, test_records={"r"}, preference="rating", min_margin=0, max_pairs=10, seed=0
        )


def test_pairs_below_the_minimal_margin_are_tested_on_but_not_trained_on() -> None:
    rows = [rated_response("r", name, rating) for name, rating in (("a", 9), ("b", 8), ("c", 3))]
    pairs, counts = pair(rows, min_margin=3)
    assert of(pairs) == [("answer a", "answer c"), ("answer b", "answer c")]
    assert counts.below_min_margin == 1
    assert pairs.loc[pairs["split"] == "test", "margin"].tolist() == [1.0]


def test_a_pair_that_a_check_decided_needs_no_margin() -> None:
    rows = [rated_response("r", "a", 5, check="passed"), rated_response("r", "b", 6, check="failed")]
    pairs, _ = pair(rows, min_margin=3, preference="check_then_rating")
    assert of(pairs) == [("answer a", "answer b")]
    assert pairs.loc[pairs["record_id"] == "r", "decided_by_check"].tolist() == [True]


def test_every_pair_of_rated_answers_has_a_decision_and_a_reason_where_it_is_left_out() -> None:
    ratings = {"a": 9, "b": 9, "c": 8, "d": 3, "unrated": None}
    rows = [rated_response("r", name, rating) for name, rating in ratings.items()]
    pairs, decisions, counts = decide(rows, min_margin=3)
    PairDecisions.validate(decisions)
    one = decisions[decisions["record_id"] == "r"].set_index(["chosen_response_id", "rejected_response_id"])
    assert one["decision"].to_dict() == {
        ("a", "b"): "left_out",
        ("a", "c"): "left_out",
        ("a", "d"): "train",
        ("b", "c"): "left_out",
        ("b", "d"): "train",
        ("c", "d"): "train",
    }
    assert one["reason"].dropna().tolist() == ["tie", "below_min_margin", "below_min_margin"]
    kept = decisions[decisions["decision"] != "left_out"]
    assert kept["pair_id"].tolist() == pairs["pair_id"].tolist()
    assert decisions["reason"].value_counts().to_dict() == {
        "below_min_margin": counts.below_min_margin,
        "tie": counts.ties_dropped,
    }


def test_pairs_beyond_the_maximum_and_those_too_long_say_so() -> None:
    pairs, decisions, counts = decide(many(50), test_records=HELD, max_pairs=40)
    assert (decisions["reason"] == "beyond_max_pairs").sum() == counts.beyond_max_pairs
    long = pairs["pair_id"].iloc[:2].tolist()
    marked = leave_out_overlength(decisions, long).set_index("pair_id").loc[long]
    assert set(marked["decision"]) == {"left_out"} and set(marked["reason"]) == {"overlength"}
    PairDecisions.validate(leave_out_overlength(decisions, long))


def test_no_clear_pair_to_train_on_is_said_before_training() -> None:
    with pytest.raises(InputError, match="less than 3 points apart"):
        pair([rated_response("r", "a", 5), rated_response("r", "b", 6)], min_margin=3)
