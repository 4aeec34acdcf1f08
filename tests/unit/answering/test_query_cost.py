import numpy as np
import pandas as pd
import pytest

from instruction_tuning.answering.query_cost import with_cost


def completions(*rows):
    """(request, record, status, price) a row; ten tokens in and five out each."""
    frame = pd.DataFrame(rows, columns=["request_id", "record_id", "status", "price_usd"])
    return frame.assign(prompt_tokens=10, completion_tokens=5).astype({"price_usd": "float64"})


QUERIES = pd.DataFrame({"record_id": ["a", "b", "c"]})


def test_a_query_costs_all_its_calls_and_one_that_was_never_asked_nothing():
    asked = completions(("1", "a", "ok", 0.2), ("1", "a", "failed", 0.0), ("2", "a", "ok", 0.1))
    costs = with_cost(QUERIES, asked).set_index("record_id")
    assert costs.loc["a"].to_dict() == {
        "requests": 2,
        "failed_samples": 1,
        "prompt_tokens": 30,
        "completion_tokens": 15,
        "price_usd": pytest.approx(0.3),
    }
    assert not costs.loc[["b", "c"]].any(axis=None)


def test_a_request_that_two_queries_share_is_counted_once():
    costs = with_cost(QUERIES, completions(("1", "a", "ok", 0.2), ("1", "b", "ok", 0.0)))
    assert costs["requests"].tolist() == [1, 0, 0]


def test_one_unknown_price_makes_the_price_of_that_query_unknown():
    costs = with_cost(
        QUERIES, completions(("1", "a", "ok", 0.2), ("2", "a", "ok", None), ("3", "b", "ok", 0.1))
    )
    assert costs["price_usd"].tolist() == pytest.approx([np.nan, 0.1, 0.0], nan_ok=True)


def test_without_completions_and_without_queries_the_columns_are_there():
    nothing = completions()
    assert with_cost(QUERIES, nothing)["price_usd"].tolist() == [0.0, 0.0, 0.0]
    assert with_cost(QUERIES.head(0), nothing).dtypes.astype(str).to_dict()["requests"] == "int64"


def test_the_frames_are_left_alone():
    asked = completions(("1", "a", "ok", 0.2))
    before = asked.copy(deep=True)
    with_cost(QUERIES, asked)
    pd.testing.assert_frame_equal(asked, before)
    assert list(QUERIES) == ["record_id"]
