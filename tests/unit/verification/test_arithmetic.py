import pytest

from instruction_tuning.verification.arithmetic import asked_value, stated_value


@pytest.mark.parametrize(
    ("prompt", "value"),
    [
        ("What is 47 + 25?", 72),
        ("47 plus 25", 72),
        ("47+25 = ?", 72),
        ("Please add 25 to 47.", 72),
        ("Find the sum of 47 and 25, please.", 72),
        ("Take 25 from 47.", 22),
        ("25 from 47", 22),
        ("Please take 25 away from 47.", 22),
        ("From 47 take away 25.", 22),
        ("How much is 47 minus 25?", 22),
        ("Work out 5 − 9", -4),
        ("Can you work out the difference of 47 and 25?", 22),
        ("4 × 5", 20),
        ("4 times 5", 20),
        ("the product of 4 and 5", 20),
        ("3 + 4 * 5 - 1", 22),
        ("47加25等于多少？", 72),
        ("算一算47+25。", 72),
        ("47减25是多少？", 22),
        ("从47里减去25是多少？", 22),
        ("47与25的和是多少？", 72),
        ("请把47和25相加。", 72),
        ("请问47乘以2得多少", 94),
        ("３＋４＝？", 7),
    ],
)
def test_a_bare_expression_is_computed(prompt, value):
    assert asked_value(prompt).value == value


@pytest.mark.parametrize(
    "prompt",
    [
        "2023-11-05",
        "See pages 20-30.",
        "5-3",
        "(3 + 4) * 5",
        "3.5 + 4",
        "x + 3 + 4",
        "-5 + 3",
        "5 + -3",
        "$5 + 3",
        "10 + 20%",
        "12:30 plus 5",
        "What is 1,000 + 3?",
        "007 + 3",
        "8 / 2 + 1",
        "8 除以 2",
        "the difference between 25 and 47",
        "add 3 and 4 and 5",
        "sum of 3 and 4 and 5",
        "Is 3 + 4 greater than 6?",
        "Write a function that returns 3 + 4.",
        "What is 3 + 4 in binary?",
        "What is half of 3 + 5?",
        "I have 47 and lose 25. How many are left?",
        "9 is taken from 7 to 11",
        "47加25再减3",
        "What is the capital of Brond?",
        "",
        "3 + 4 " + "and so on " * 20,
    ],
)
def test_what_is_not_clearly_one_expression_is_left_alone(prompt):
    assert asked_value(prompt) is None


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("72", 72),
        ("7+5=12, 4+2+1=7, 72.", 72),
        ("The answer is 1,175.", 1175),
        ("72.0", 72),
        ("72.5", 72.5),
        ("等于-22。", -22),
        ("−22", -22),
        ("from 5-22", 22),
        ("答案是72。", 72),
        ("seventy-two", None),
        ("", None),
    ],
)
def test_the_last_number_of_an_answer_is_what_it_states(answer, value):
    assert stated_value(answer) == value
