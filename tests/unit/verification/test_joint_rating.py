from collections import Counter
from itertools import pairwise

import pandas as pd
import pytest

from instruction_tuning.verification.joint_rating import joint_rating_requests, joint_ratings, shown_orders

CALL = {"temperature": 0.0, "max_tokens": 64, "seed": 5}


def responses(**texts: list[str]) -> pd.DataFrame:
    rows = [
        {"record_id": name, "messages": [{"role": "user", "content": f"Ask {name}."}], "response": text}
        for name, said in texts.items()
        for text in said
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_each_answer_stands_in_each_place_once(count):
    texts = [f"t{number}" for number in range(count)]
    orders = shown_orders("r", texts, orders=None, seed=1)
    assert len(orders) == count
    for column in zip(*orders, strict=True):
        assert sorted(column) == texts
    if count % 2 == 0:
        follows = Counter(pair for order in orders for pair in pairwise(order))
        assert set(follows.values()) == {1}, "every answer follows every other once"


def test_fewer_orders_are_a_prefix_and_no_answer_keeps_its_place():
    every = shown_orders("r", list("abcd"), orders=None, seed=1)
    assert shown_orders("r", list("dcba"), orders=2, seed=1) == every[:2]
    assert all(first != second for first, second in zip(*every[:2], strict=True))


def test_records_are_shuffled_apart_and_equal_texts_shown_once():
    firsts = {shown_orders(f"r{n}", list("abc"), orders=1, seed=1)[0] for n in range(40)}
    assert len(firsts) == 6
    assert shown_orders("r", ["a", "a"], orders=None, seed=1) == [("a",)]


def test_ratings_come_back_to_their_texts_by_order_and_place():
    given = responses(q1=["good", "bad", "fair"], q2=["only"])
    requests = joint_rating_requests(given, orders=None, **CALL)
    assert [(one.record_id, one.sample_index) for one in requests] == [
        ("q1", 0),
        ("q1", 1),
        ("q1", 2),
        ("q2", 0),
    ]
    marks = {"good": 9, "bad": 2, "fair": 6, "only": 7}
    replies = []
    for one in requests:
        shown = one.messages[0][1].partition("[Answers to grade]\n")[2].partition("\n[End of answers")[0]
        texts = [part.partition("]\n")[2].strip() for part in shown.split("[Version ")[1:]]
        said = "\n".join(f"[{n}] Rating: {marks[text]}" for n, text in enumerate(texts, start=1))
        replies.append(
            {"record_id": one.record_id, "sample_index": one.sample_index, "status": "ok", "response": said}
        )
    replies[1]["response"] = replies[1]["response"].replace("[2] Rating", "[2] I pass")
    replies[2] |= {"status": "failed", "response": None}
    rated = joint_ratings(given, pd.DataFrame(replies), orders=None, seed=5)
    read = rated[rated["status"] == "ok"]
    assert (read["rating"] == read["response"].map(marks)).all()
    assert rated["status"].value_counts().to_dict() == {"ok": 6, "failed": 3, "unparseable": 1}
    assert rated["rating"].isna().sum() == 4


def test_the_order_of_the_rows_changes_nothing():
    given = responses(q1=["a", "b", "c"])
    assert joint_rating_requests(given, orders=None, **CALL) == joint_rating_requests(
        given.iloc[::-1], orders=None, **CALL
    )
