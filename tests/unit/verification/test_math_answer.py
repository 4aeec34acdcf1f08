"""Equal quantities are equal however they are written; hostile text costs nothing."""

import time

import pytest

from instruction_tuning.verification.math_answer import (
    compared_with,
    marked_answer_text,
    matches_reference,
    reference_quantity,
)
from instruction_tuning.verification.quantities import read_quantity


def is_same(response: str, reference: str) -> bool | None:
    right = reference_quantity(reference)
    said = None if right is None else compared_with(response, right)
    return None if said is None else said.is_right


EQUAL = [
    ("#### 18", "The answer is $18.00."),
    (r"so \boxed{\frac{1}{2}}", "0.5"),
    (r"$\dfrac{3}{4}$", "0.75"),
    ("2 1/2", "2.5"),
    ("2½", "5/2"),
    ("12 and 1/2", "12.5"),
    ("50%", "0.5"),
    ("50", "50 %"),
    ("1,234,567", "1234567"),
    (r"\boxed{1{,}000}", "1 000"),
    ("1.2 kg", "1200 g"),
    ("The total is 5 km.", "5000 m"),
    ("3 hours", "180 minutes"),
    ("50 cents", "$0.50"),
    ("2 m²", "2 m^2"),
    ("25°C", "25 ℃"),
    ("0.33", "1/3"),
    ("1.5 × 10^3", "1500"),
    ("10²", "100"),
    ("-3", "−3"),
    ("twenty-five", "25"),
    ("三百二十五", "325"),
    ("一亿三千万", "130000000"),
    ("3万5千", "35000"),
    ("二分之一", "0.5"),
    ("百分之五十", "50%"),
    ("答案是：5个苹果。", "5"),
    ("答案是三点五", "3.5"),
    ("7+5=12, 4+2+1=7, 72.", "72"),
    ("In 2020 she had 5 left.", "5"),
    ("The answer is 3 because 4 < 5.", "3"),
    ("The answer is 2.5. I checked 7 ways.", "2.5"),
    ("£5", "5 pounds"),
    ("5 lb", "5 pounds"),
    ("25°C", "25 degrees"),
    ("The total is **18**.", "18"),
    ("一共有22个苹果。", "22"),
]


@pytest.mark.parametrize(("first", "second"), EQUAL)
def test_the_same_quantity_in_another_form_is_equal(first: str, second: str) -> None:
    assert is_same(first, second) is True
    # Prose is no reference, whatever it ends on.
    assert is_same(second, first) is (None if reference_quantity(first) is None else True)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("72", "73"),
        ("5 m", "5 s"),
        ("1.2 kg", "120 g"),
        ("0.5%", "50%"),
        ("0.34", "1/3"),
        ("0.3", "1/3"),
        ("3.14", "3.14159"),
        ("1,234", "1.234"),
        ("-3", "3"),
        ("£5", "5 lb"),
        ("25°C", "25°F"),
    ],
)
def test_another_quantity_is_not(first: str, second: str) -> None:
    assert is_same(first, second) is False


@pytest.mark.parametrize(
    "text", ["", "no number here", "9^(9^9)", "1e999999999", "9^99999999999", "1/0", "5:30"]
)
def test_what_is_no_quantity_or_out_of_bounds_has_none(text: str) -> None:
    assert read_quantity(text) is None
    assert is_same(text, "3") is None


def test_hostile_text_takes_no_time() -> None:
    hostile = [
        *("9" * 100_000, "1/" * 50_000, r"\frac{" * 20_000, r"\boxed{" * 20_000, "1,111" * 20_000),
        *("十" * 50_000, "亿" * 20_000, "1e" * 50_000, "1^" * 50_000, r"\text{" * 20_000, "百分之" * 20_000),
    ]
    started = time.process_time()
    for text in hostile:
        is_same(text, text)
        is_same(text, "3")
    assert time.process_time() - started < 5


def test_the_last_box_wins_over_the_text_behind_it() -> None:
    assert marked_answer_text(r"\boxed{1}, no: \boxed{\text{x}_{2}}. I used 3 steps.") == r"\text{x}_{2}"


def test_the_records_own_answer_is_the_reference() -> None:
    query = {"record_id": "q", "prompt": "How many?", "answer": "6 * 7 = <<6*7=42>>42\n#### 42"}
    right, wrong = matches_reference(query, "So she has 42."), matches_reference(query, "So she has 43.")
    assert right is not None and wrong is not None
    assert (right.passed, right.score, wrong.passed, wrong.score) == (True, 1.0, False, 0.0)
    assert "43" in wrong.reason


@pytest.mark.parametrize("answer", [None, "Balit", "def f(x): return x[-3:]"])
def test_without_a_quantity_to_compare_with_nothing_is_said(answer: str | None) -> None:
    assert matches_reference({"prompt": "?", "answer": answer}, "3") is None


GSM8K = "She sells 9 eggs.\nShe makes 9 * 2 = $<<9*2=18>>18 every day.\n#### 18"
TIPS = "1. Eat well 2. Sleep 3. Exercise often"
TOWER = "The Eiffel Tower was built in 1889 and is one of the most famous monuments."


@pytest.mark.parametrize(
    ("reference", "response"),
    [
        (GSM8K, GSM8K),
        (GSM8K, "18"),
        (GSM8K, "It is 18."),
        (GSM8K, "She makes $18 per day."),
        (GSM8K, "**Answer: $18**\n\nLet me know if you want 2 more examples!"),
        (GSM8K, "She makes $18 per day.\n\nLet me know if you want 2 more examples!"),
        (GSM8K, "She has 16 - 3 - 4 = 9 eggs left. So she makes 9 * 2 = $18 every day."),
        (GSM8K, "First, 16 - 7 is 9.\nAfter 1 day she has 18 dollars."),
        (GSM8K, "Step 1: 16 - 7 = 9\nStep 2: 9 * 2 = 18 in 1 day"),
        (GSM8K, "The answer is $18 per day, or $540 a month."),
        (GSM8K, "She makes 18 dollars because she sells 9 eggs for $2 each."),
        ("75", "15% of 500 is 75."),
        ("£5", "5 pounds"),
        ("5 apples", "She has 5 left."),
        ("The answer is 12.", "3 * 4 = 12. You can check: 12 / 3 = 4."),
        ("72", "7+5=12, 4+2+1=7, 72."),
        (r"So \boxed{2.5}", "所以一共是2.5。"),
        ("In return she gets 3.\n#### 3", "3"),
    ],
)
def test_an_answer_that_ends_on_the_records_quantity_passes(reference: str, response: str) -> None:
    verdict = matches_reference({"prompt": "?", "answer": reference}, response)
    assert verdict is not None and verdict.passed and verdict.vouches


@pytest.mark.parametrize(
    ("reference", "response"),
    [
        (GSM8K, "19"),
        (GSM8K, "It is 19."),
        (GSM8K, "#### 19"),
        (GSM8K, "She has 9 eggs left. So she makes 9 * 3 = $27 every day."),
        (GSM8K, "She sells 9 eggs for 3 dollars each.\nIn total she makes 27 dollars."),
        (GSM8K, "16 + 2 = 18 was my first guess. The answer is 20."),
        ("72", "7+5=12, 4+2+1=7, 73."),
        ("£5", "5 euros"),
    ],
)
def test_an_answer_that_ends_on_another_quantity_fails(reference: str, response: str) -> None:
    verdict = matches_reference({"prompt": "?", "answer": reference}, response)
    assert verdict is not None and not verdict.passed


@pytest.mark.parametrize(
    ("reference", "response"),
    [
        (TIPS, "1. Bananas 2. Rob a bank 3. Cry"),
        (TIPS.replace(" 2", "\n2").replace(" 3", "\n3"), "1. Bananas\n2. Rob a bank\n3. Cry"),
        ("1. Eat well\n2. Exercise for 30 minutes a day", "Sleep 8 hours, and walk 30 minutes."),
        (TOWER, "It stands in Paris, is 330 m tall and was built in 1889; it has 3 floors."),
        ("She is 12 and has 3 cats.", "3"),
        ("The answer is B", "The answer is A 3"),
        (r"\boxed{\sqrt{3}}", r"\boxed{3}"),
        (r"\boxed{(2, 3)}", "3"),
        ("3 pm", "3 am"),
        ("#### 2. Conclusion\nIt depends on many things.", "2"),
        # The right quantity is there, beside others.
        (GSM8K, "She makes $18 per day. Here is why: there are 16 eggs and 3 cakes."),
        (GSM8K, "She makes 18 dollars of 20, and 3 cakes."),
        (GSM8K, "1. 18 eggs\n2. 20 eggs\n3. 2 cakes and 5 pies"),
        (GSM8K, "There are many ways to earn money."),
    ],
)
def test_prose_and_competing_quantities_decide_nothing(reference: str, response: str) -> None:
    assert matches_reference({"prompt": "?", "answer": reference}, response) is None
