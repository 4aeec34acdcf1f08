import pytest

from instruction_tuning.text.number_words import with_digits, with_ordinals_as_digits


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("one hundred and five", "105"),
        ("two thousand three hundred forty", "2340"),
        ("five and six", "5 and 6"),
        ("十五", "15"),
        ("三万零二十", "30020"),
        ("二〇二四", "2024"),
        ("一亿三千万", "130000000"),
        ("一万亿", "1000000000000"),
        ("亿" * 9_000, "亿" * 9_000),  # no number, and too many digits to write
        ("nineteen sheep", "19 sheep"),
        ("Seventy-two", "72"),
        ("the first", "the first"),
    ],
)
def test_numbers_in_words_become_digits(words, digits):
    assert with_digits(words) == digits


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("the fifth season", "the 5 season"),
        ("the 2nd and 3 rd", "the 2 and 3"),
        ("twenty-first", "21"),
        ("the fortieth", "the 40"),
        ("the hundredth, the ninth and the twelfth", "the 100, the 9 and the 12"),
        ("a north wind", "a north wind"),
    ],
)
def test_places_in_an_order_become_digits_where_that_is_asked_for(words, digits):
    assert with_ordinals_as_digits(words) == digits
