import pandas as pd
import pytest

from instruction_tuning.dedup.keeping_order import breaks_off, deciding_rules, keeping_order, keeping_ranks

ALL = ("licence", "source_priority", "answered", "quality", "length")


def records(*rows):
    usual = {
        "licence": None,
        "source": "web",
        "prompt": "Is it?",
        "answer": "yes",
        "flags": [],
        "record_id": "m",
        "source_row_id": "f" * 12 + ":5",
    }
    frame = pd.DataFrame([{**usual, **row} for row in rows])
    return frame.astype({name: "str" for name in frame.columns if name != "flags"})


def order_of(*rows, keep=ALL, source_priority=()):
    return keeping_order(keeping_ranks(records(*rows), keep=keep, source_priority=source_priority)).tolist()


@pytest.mark.parametrize(
    ("rule", "better", "worse"),
    [
        ("licence", {"licence": "MIT"}, {"licence": "CC BY-NC 4.0", "answer": "yes, it is"}),
        ("licence", {"licence": "cc-by-nc-4.0"}, {"answer": "yes, it is"}),
        ("source_priority", {"source": "seeds_3"}, {"answer": "yes, it is"}),
        ("answered", {}, {"answer": None, "flags": []}),
        ("quality", {}, {"answer": "yes, it is", "flags": ["mojibake_repaired"]}),
        ("length", {"answer": "yes, it is", "record_id": "z"}, {"record_id": "a"}),
        ("prompt_length", {"prompt": "Is it", "record_id": "z"}, {"record_id": "a"}),
        ("record_id", {"record_id": "a"}, {"record_id": "b", "source_row_id": "0" * 12 + ":1"}),
        ("row", {"source_row_id": "f" * 12 + ":9"}, {"source_row_id": "f" * 12 + ":10"}),
    ],
)
def test_the_first_rule_that_tells_two_records_apart_decides(rule, better, worse):
    for rows, expected in (((better, worse), [0, 1]), ((worse, better), [1, 0])):
        ranks = keeping_ranks(records(*rows), keep=ALL, source_priority=["seeds*"])
        order = keeping_order(ranks)
        assert order.tolist() == expected
        assert deciding_rules(ranks, order[:1], order[1:]) == [rule]


def test_the_user_says_which_rules_count_and_in_which_order():
    free, long = {"licence": "MIT"}, {"licence": "CC BY-NC 4.0", "answer": "yes, it is"}
    assert order_of(long, free) == [1, 0]
    assert order_of(long, free, keep=("length", "licence")) == [0, 1]
    assert order_of(long, free, keep=()) == [0, 1]  # equal prompts and ids: the row
    assert order_of({"source": "b"}, {"source": "a"}, {"source": "c"}, source_priority=["c", "a"]) == [
        2,
        1,
        0,
    ]


def test_an_answer_breaks_off_where_its_last_sentence_has_no_end():
    told = "The tide comes in twice a day. " * 10
    assert breaks_off(told + "And then it") and breaks_off(told + "And then,")
    assert not breaks_off(told) and not breaks_off(told + "And then it ends.")
    assert not breaks_off("Blue") and not breaks_off(told + "\n- salt\n- water")
    assert breaks_off("潮水每天来两次。" * 40 + "然后") and not breaks_off("潮水每天来两次。" * 40)
