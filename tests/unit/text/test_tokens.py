import pytest

from instruction_tuning.text.tokens import content_tokens, tokens


def test_words_numbers_operators_and_han_characters_are_tokens_and_punctuation_is_not():
    assert tokens("What is 4.5+(2)?") == ("what", "is", "4.5", "+", "2")
    assert tokens("５加６，是多少？") == ("5", "加", "6", "是", "多", "少")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("47 + 25", "47 - 25"),
        ("3 - 1", "3 1"),
        ("What is 1.5?", "What is 15?"),
        ("send \U0001f600", "send \U0001f622"),
    ],
)
def test_what_changes_the_meaning_changes_the_tokens(left, right):
    assert tokens(left) != tokens(right)


def test_a_hyphen_is_no_minus():
    assert tokens("well-known") == tokens("well known")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("What is 47 plus 25?", "Hello! Please, what is 47 plus 25"),
        ("Reverse the word balit.", "Could you kindly reverse the word balit? Thank you!"),
        ("Sort the list 3 1 2, please.", "sort list 3 1 2"),
        ("请问47加25是多少？", "47加25是多少"),
        ("REVERSE THE WORD.", "reverse the word"),
    ],
)
def test_politeness_case_and_punctuation_are_no_content(left, right):
    assert content_tokens(left) == content_tokens(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Count the letter A in ABBA.", "Count the letter a in abba."),
        ("How many A are in ABBA?", "How many are in ABBA?"),
        ("Take 5 from 8.", "Take 8 from 5."),
        ("What is the coin of Menar?", "What is the bird of Menar?"),
    ],
)
def test_codes_and_order_are_content(left, right):
    assert content_tokens(left) != content_tokens(right)
