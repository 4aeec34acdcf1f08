import pytest

from instruction_tuning.verification.extraction import extract_answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("42", "42"),
        ("9+4=13, 9+0+1=10, 103.", "103"),
        ("first 7, then 12  \r\n", "12"),
        ("12-8=4", "4"),
        ("3-5", "5"),
        ("it is -12", "-12"),
        ("it is −12", "-12"),
        ("答案是４２。", "42"),
        ("007", "7"),
        ("-0", "0"),
        ("９" * 5000, "9" * 5000),
    ],
)
def test_a_number_is_the_last_integer(text, answer):
    assert extract_answer(text, "number") == answer


@pytest.mark.parametrize("text", ["", "   \n", "no number", "十二", "-", "½ of it"[1:]])
def test_a_text_without_digits_holds_no_number(text):
    assert extract_answer(text, "number") is None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Miran", "miran"),
        (" Miran. ", "miran"),
        ("The capital of Velor is Miran.", "miran"),
        ("The capital is “Miran”!", "miran"),
        ("\r\n\r\nThe list reads 3 5 7.\r\nIndeed.", "3 5 7"),
        ("It is so: the words are red  bird", "red bird"),
        ("雅塔伦的首都是布雷。", "布雷"),
        ("答案：红鸟！", "红鸟"),
        ("首都为「布雷」。", "布雷"),
        ("x = y = Z", "z"),
        ("\u00a0Miran\u3000", "miran"),
        ("Thisisland", "thisisland"),
        ("Straße", "strasse"),
    ],
)
def test_a_span_follows_the_last_connector_of_the_first_line(text, answer):
    assert extract_answer(text, "span") == answer


@pytest.mark.parametrize("text", ["", "\r\n \t\n", "...", "The capital is", "The capital is:\nMiran", "“”。"])
def test_an_empty_remainder_is_no_span(text):
    assert extract_answer(text, "span") is None


def test_a_trailing_space_does_not_change_an_answer():
    assert extract_answer("valid", "span") == extract_answer("valid  ", "span") == "valid"


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="number, span, line"):
        extract_answer("x", "letter")
