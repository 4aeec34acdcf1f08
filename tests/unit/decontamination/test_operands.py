import pytest

from instruction_tuning.decontamination.items import EvaluationItem, pool_texts
from instruction_tuning.decontamination.operands import calculation, operand_matches


@pytest.mark.parametrize(
    "text",
    [
        "What is 23 + 48?",
        "23+48=",
        "Please compute twenty-three plus forty-eight.",
        "Could you tell me what you get when you add 48 to 23?",
        "What's the sum of 23 and 48?",
        "请问23加48等于多少？",
        "二十三加上四十八是多少",
        "计算一下２３与４８的和",
        "48 + 23",
    ],
)
def test_a_sum_is_one_calculation_in_any_wording(text):
    assert calculation(text) == "23+48"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Subtract 23 from 48.", "48-23"),
        ("What is the difference between 48 and 23?", "48-23"),
        ("从48中减去23等于几？", "48-23"),
        ("What is 23 - 48?", "23-48"),
        ("Multiply 6 by 7.", "6*7"),
        ("6 × 7 = ?", "6*7"),
        ("六乘以七得多少", "6*7"),
        ("Divide 1,200 by 12", "1200/12"),
        ("((-1 + 2 + 9 * 5) - (-2 + -4 + -4 * -7)) =", "((-1+2+9*5)-(-2+-4+-4*-7))"),
        ("What is 2 + 3 + 1?", "1+2+3"),
    ],
)
def test_other_operators_keep_the_order_where_it_matters(text, form):
    assert calculation(text) == form


@pytest.mark.parametrize(
    "text",
    [
        "Write a story about 23 + 48 dragons.",
        "Tom has 23 apples and buys 48 more. How many has he?",
        "What is 23?",
        "What is 23 + 48, and what is 5?",
        "Add these numbers.",
        "Was war am 2020-10-12?",
        "23 + 48 " + "please " * 60,
        "",
    ],
)
def test_what_asks_anything_else_is_no_calculation(text):
    assert calculation(text) is None


def test_prompts_are_compared_and_answers_are_not():
    turns = [{"role": "user", "content": "48 加 23 等于几"}, {"role": "assistant", "content": "23 + 48"}]
    items = [
        EvaluationItem("b", "1", "test", "What is 23 + 48?"),
        EvaluationItem("b", "2", "test", "Name it."),
    ]
    result = operand_matches(pool_texts([turns], answers=True), items)
    assert [(match.text, match.item) for match in result.matches] == [(0, 0)] and result.comparable == {0}
