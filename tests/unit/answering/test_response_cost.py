import numpy as np
import pandas as pd
import pytest

from instruction_tuning.answering.response_cost import COST_DTYPES, with_cost

RESPONSES = pd.DataFrame({"record_id": ["a", "a", "b"], "sample_index": [0, 1, 0]}, index=[5, 6, 7])


def completions(*rows):
    """(request, kind, record, sample, price) a row; ten tokens in and five out each."""
    columns = ["request_id", "kind", "record_id", "sample_index", "price_usd"]
    frame = pd.DataFrame(rows, columns=columns).astype({"price_usd": "float64"})
    return frame.assign(prompt_tokens=10, completion_tokens=5)


def test_a_response_costs_its_request_and_its_rating():
    paid = completions(
        ("1", "answer", "a", 0, 0.2),
        ("1", "answer", "a", 1, 0.0),
        ("2", "answer", "b", 0, 0.4),
        ("3", "rating", "a", 0, 0.1),
    )
    costs = with_cost(RESPONSES, paid)
    assert costs["requests"].tolist() == [2, 0, 1]
    assert costs["price_usd"].tolist() == pytest.approx([0.3, 0.0, 0.4])
    assert costs["prompt_tokens"].tolist() == [20, 10, 10]
    assert costs.index.tolist() == RESPONSES.index.tolist()


def test_a_request_that_two_records_share_is_counted_once():
    paid = completions(
        ("1", "answer", "a", 0, 0.2), ("1", "answer", "a", 1, 0.0), ("1", "answer", "b", 0, 0.0)
    )
    assert with_cost(RESPONSES, paid)["requests"].tolist() == [1, 0, 0]


def test_one_unknown_price_makes_the_price_of_that_response_unknown():
    paid = completions(
        ("1", "answer", "a", 0, 0.2),
        ("1", "answer", "a", 1, 0.0),
        ("2", "answer", "b", 0, 0.4),
        ("3", "rating", "a", 0, None),
    )
    assert with_cost(RESPONSES, paid)["price_usd"].tolist() == pytest.approx([np.nan, 0.0, 0.4], nan_ok=True)


def test_without_responses_the_columns_are_there():
    nothing = with_cost(RESPONSES.head(0), completions())
    assert {name: str(nothing[name].dtype) for name in COST_DTYPES} == COST_DTYPES


def test_the_frames_are_left_alone():
    paid = completions(
        ("1", "answer", "a", 0, 0.2), ("1", "answer", "a", 1, 0.0), ("2", "answer", "b", 0, 0.4)
    )
    before = paid.copy(deep=True)
    with_cost(RESPONSES, paid)
    pd.testing.assert_frame_equal(paid, before)
    assert list(RESPONSES) == ["record_id", "sample_index"]
