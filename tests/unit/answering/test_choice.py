import pandas as pd

from instruction_tuning.answering.choice import choose_answers, keep_source_answers, rejection_reasons
from instruction_tuning.schemas.rejected_answers import RejectedAnswers
from instruction_tuning.schemas.verified_examples import VerifiedExamples


def queries(*record_ids: str, prompt="Name a colour.", answer: str | None = "Red") -> pd.DataFrame:
    messages = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer or ""}]
    rows = [
        {
            "record_id": record_id,
            "source": "pool",
            "language": "en",
            "messages": messages,
            "prompt": prompt,
            "answer": answer,
            "parent_ids": [],
        }
        for record_id in record_ids
    ]
    return pd.DataFrame(rows)


def responses(*rows: tuple[str, str, float | None, str]) -> pd.DataFrame:
    """Rows of (record id, response, rating, check)."""
    frame = pd.DataFrame(rows, columns=["record_id", "response", "rating", "check"])
    return frame.assign(
        response_id=[f"{row}-{i:02d}" for i, row in enumerate(frame["record_id"])],
        rating=frame["rating"].astype(float),
        rating_status=[
            "ok" if rating == rating else "unparseable" for rating in frame["rating"].astype(float)
        ],
        check_detail="detail",
    )


def choose(rows, names=("q",), min_rating=6.0):
    asked, rated = queries(*names), responses(*rows)
    examples, rejected = choose_answers(asked, rated, min_rating=min_rating)
    stored = rejected.set_index("record_id")["reason"]
    assert rejection_reasons(asked, rated, examples) == stored.to_dict()
    VerifiedExamples.validate(examples)
    RejectedAnswers.validate(rejected)
    return examples, rejected


def test_the_highest_rating_wins():
    examples, rejected = choose(
        [("q", "Red", 7, "none"), ("q", "Blue", 9, "none"), ("q", "Green", 8, "none")]
    )
    assert examples["answer"].tolist() == ["Blue"]
    assert examples["messages"].iloc[0][-1] == {"role": "assistant", "content": "Blue"}
    assert examples["origin"].tolist() == ["teacher"]
    assert rejected.empty


def test_an_answer_that_failed_its_check_loses_to_any_other():
    examples, _ = choose([("q", "Red", 10, "failed"), ("q", "Blue", 6, "none")])
    assert examples["answer"].tolist() == ["Blue"]


def test_by_path_what_passed_comes_before_any_rating_and_without_it_the_ratings_decide():
    rows = responses(
        ("both", "6 * 7 = 42", None, "passed"),
        ("both", "It is a large even quantity.", 9, "none"),
        ("rated", "It is even.", 7, "none"),
        ("rated", "It is even.", 7, "none"),
        ("rated", "It is large.", 8, "none"),
    )
    rows.loc[0, "rating_status"] = "not_asked"
    asked = queries("both", "rated")
    examples, _ = choose_answers(asked, rows, min_rating=6.0, by_path=True)
    assert examples["answer"].tolist() == ["6 * 7 = 42", "It is large."]
    several, _ = choose_answers(asked, rows, min_rating=6.0, max_answers=2, by_path=True)
    assert several["answer"].tolist() == ["6 * 7 = 42", "It is large.", "It is even."]


def test_agreement_breaks_ties_and_then_the_id():
    rows = [
        ("q", "Green", 8, "none"),
        ("q", "It is red.", 8, "none"),
        ("q", "Red", 8, "none"),
        ("q", "Red", 3, "none"),
    ]
    examples, _ = choose(rows)
    assert examples["response_id"].tolist() == ["q-01"]


def test_the_choice_does_not_depend_on_the_order_of_the_rows():
    rows = responses(("q", "Red", 8, "none"), ("q", "Blue", 8, "none"), ("q", "Blue", 8, "none"))
    first, _ = choose_answers(queries("q"), rows, min_rating=6.0)
    last, _ = choose_answers(queries("q"), rows.iloc[::-1], min_rating=6.0)
    assert first["response_id"].tolist() == last["response_id"].tolist()


def test_a_missing_rating_is_never_a_default():
    examples, rejected = choose([("q", "Red", None, "passed")], min_rating=1.0)
    assert examples.empty
    assert rejected["reason"].tolist() == ["unrated"]


def test_every_query_is_in_exactly_one_of_the_two_frames_with_its_reason():
    rows = [
        ("good", "Red", 6, "passed"),
        ("low", "Red", 5, "none"),
        ("low", "Blue", 4, "none"),
        ("wrong", "Red", 9, "failed"),
        ("silent", "Red", None, "none"),
        ("mixed", "Red", 9, "failed"),
        ("mixed", "Blue", 2, "none"),
        ("gone", None, None, "none"),
    ]
    names = ("mixed", "gone", "silent", "wrong", "low", "good")
    examples, rejected = choose(rows, names)
    assert examples["record_id"].tolist() == ["good"]
    assert dict(zip(rejected["record_id"], rejected["reason"], strict=True)) == {
        "mixed": "below_min_rating",
        "gone": "no_response",
        "silent": "unrated",
        "wrong": "check_failed",
        "low": "below_min_rating",
    }
    low = rejected.set_index("record_id").loc["low", "detail"]
    assert low == "the best rating is 5, below 6 (responses: 2 below_min_rating)"


def test_a_response_that_never_came_is_no_candidate():
    _, rejected = choose(
        [("gone", None, None, "none"), ("low", None, None, "none"), ("low", "Red", 2, "none")],
        ("gone", "low"),
    )
    assert rejected["reason"].tolist() == ["no_response", "below_min_rating"]
    assert "(responses: 1 below_min_rating)" in rejected["detail"].iloc[1]


def test_source_answers_are_kept_unless_a_check_fails():
    pool = pd.concat(
        [
            queries("plain"),
            queries("none", answer=None),
            queries("right", prompt="What is 3 + 4?", answer="7"),
            queries("wrong", prompt="What is 3 + 4?", answer="8"),
        ]
    )
    examples, rejected = keep_source_answers(pool)
    stored = rejected.set_index("record_id")["reason"]
    assert rejection_reasons(pool, responses(), examples) == stored.to_dict()
    VerifiedExamples.validate(examples)
    RejectedAnswers.validate(rejected)
    assert dict(zip(examples["record_id"], examples["check"], strict=True)) == {
        "plain": "none",
        "right": "passed",
    }
    assert examples["origin"].eq("source").all()
    assert dict(zip(rejected["record_id"], rejected["reason"], strict=True)) == {
        "none": "no_response",
        "wrong": "check_failed",
    }


def test_an_example_descends_from_its_record_and_from_the_response_that_was_taken():
    examples, _ = choose([("q", "Red", 7, "none"), ("q", "Blue", 9, "none")])
    assert examples["parent_ids"].tolist() == [["q", "q-01"]]
    own, _ = keep_source_answers(queries("q"))
    assert own["parent_ids"].tolist() == [["q"]]
