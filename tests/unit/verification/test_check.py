from instruction_tuning.verification.check import check_answer


def test_the_right_sum_passes():
    assert check_answer("What is 47 plus 25?", "7+5=12, 4+2+1=7, 72.").check == "passed"


def test_the_wrong_sum_fails_and_says_both_values():
    checked = check_answer("47加25等于多少？", "73")
    assert checked.check == "failed"
    assert checked.detail == "47 + 25 = 72, the answer says 73"


def test_a_sum_in_words_cannot_be_known():
    assert check_answer("What is 47 plus 25?", "Seventy-two.").check == "none"


def test_no_check_applies_to_a_fact():
    assert check_answer("What is the capital of Brond?", "Balit.").check == "none"


def test_a_missing_answer_fails():
    assert check_answer("What is 47 plus 25?", None).check == "failed"


def test_a_refusal_fails_whatever_numbers_it_names():
    assert check_answer("What is 47 plus 25?", "I'm sorry, but I can't say that it is 72").check == "failed"
