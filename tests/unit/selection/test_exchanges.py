import pandas as pd

from instruction_tuning.selection.exchanges import exchanges


def turns(*said: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "content": text} for role, text in said]


def test_each_question_stands_with_the_answer_that_follows_it() -> None:
    pool = pd.DataFrame(
        {
            "record_id": ["a", "b"],
            "messages": [
                turns(("system", "S"), ("user", "1"), ("assistant", "one"), ("user", "2")),
                turns(("user", "3"), ("user", "4"), ("assistant", "seven"), ("assistant", "7")),
            ],
        }
    )
    rows = exchanges(pool)
    assert rows["record_id"].tolist() == ["a", "a", "b"]
    assert rows["turn"].tolist() == [0, 1, 0]
    assert rows["instruction"].tolist() == ["1", "2", "3\n\n4"]
    assert rows["answer"].isna().tolist() == [False, True, False]
    assert rows["answer"].dropna().tolist() == ["one", "seven\n\n7"]


def test_a_conversation_without_a_question_has_no_exchange() -> None:
    pool = pd.DataFrame({"record_id": ["a"], "messages": [turns(("assistant", "Hello"))]})
    assert exchanges(pool).empty
