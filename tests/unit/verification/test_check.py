import pytest

from instruction_tuning.verification.check import check_answer


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("What is 47 plus 25?", "7+5=12, 4+2+1=7, 72."),
        ("What is 47 plus 25?", "72"),
        ("What is 47 plus 25?", "72.0"),
        ("What is 47 plus 25?", "答案是72。"),
        ("What is 47 plus 25?", "47 + 25 = 72. You can check: 72 - 25 = 47."),
        ("What is 47 plus 25?", "47 + 25 = 72 (step 1 of 1)."),
        ("What is 47 plus 25?", "Add 40 and 20, then 7 and 5. The answer is **72**."),
        ("What is 47 plus 25?", "Step 1: 7 + 5 = 12\nStep 2: 40 + 20 = 60\nSo it is 72."),
        ("What is 2 + 3?", "2 + 3 = 5. Here's why: start at 2 and count up 3."),
        ("What is 3 - 25?", "等于-22。"),
        ("What is 3 - 25?", "−22"),
        ("What is 47 * 25?", "The answer is 1,175."),
        ("What is 47 plus 25?", "Seventy-two."),
    ],
)
def test_the_right_sum_passes(prompt, answer):
    assert check_answer(prompt, answer).check == "passed"


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("What is 47 plus 25?", "7+5=12, 4+2+1=7, 73."),
        ("What is 47 plus 25?", "72.5"),
        ("What is 47 plus 25?", "47 + 25 = 62. You can check: 62 - 25 = 37."),
        ("What is 47 plus 25?", "47 + 25 = 72, so the answer is 73."),
        ("What is 2 + 3?", "2 + 3 = 6. Here's why: start at 2 and count up 3."),
        ("What is 3 - 25?", "It is 22."),
        ("What is 5 plus 7?", "5+7=12, 13."),
    ],
)
def test_a_wrong_sum_fails(prompt, answer):
    assert check_answer(prompt, answer).check == "failed"


@pytest.mark.parametrize(
    "answer",
    [
        "Start at 47, then count up 25 to get 72, or count 25 and 47.",
        "47 + 25 = 73. No: 47 + 25 = 72.",
        "I like sums.",
        "47 + 25 = 73, so it is 72.",
        "47 increased by 25 is equal to",
        "1. 72\n2. 73\n3. 74 or 75",
    ],
)
def test_numbers_that_compete_decide_nothing(answer):
    assert check_answer("What is 47 plus 25?", answer).check == "none"


def test_the_wrong_sum_fails_and_says_both_values():
    checked = check_answer("47加25等于多少？", "73")
    assert checked.check == "failed"
    assert checked.detail == "47 + 25 = 72, the answer says 73"


def test_no_check_applies_to_a_fact():
    assert check_answer("What is the capital of Brond?", "Balit.").check == "none"


def test_a_missing_answer_fails():
    assert check_answer("What is 47 plus 25?", None).check == "failed"


def test_a_refusal_fails_whatever_numbers_it_names():
    assert check_answer("What is 47 plus 25?", "I'm sorry, but I can't say that it is 72").check == "failed"
