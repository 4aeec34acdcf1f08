import pytest

from instruction_tuning.reporting.wording import (
    count_list,
    display_width,
    one_line,
    text_table,
)


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("首都", 4), ("e\u0301", 1), ("", 0)])
def test_chinese_takes_two_columns_and_marks_none(text, width):
    assert display_width(text) == width


@pytest.mark.parametrize("text", ["a" * 200, "首都" * 100, "a\nb\r\n\tc " * 50])
def test_a_text_is_cut_to_its_columns(text):
    cut = one_line(text, 20)
    assert display_width(cut) <= 20 and cut.endswith("…") and "\n" not in cut


def test_what_has_no_width_takes_no_room_and_a_cut_takes_all_that_fits():
    assert one_line("e\u0301" * 20, 20) == "e\u0301" * 20
    assert one_line("首都" * 9, 8) == "首都首…"


def test_a_short_text_stays_as_it_is():
    assert one_line("a  b", 20) == "a b"


def test_the_first_column_is_left_and_the_others_right():
    assert text_table(("name", "n"), [("首都", "7"), ("x", "10")]) == [
        "  name   n",
        "  首都   7",
        "  x     10",
    ]


def test_counts_come_largest_first():
    assert count_list({"a": 5, "b": 1200}) == "b 1,200, a 5"
