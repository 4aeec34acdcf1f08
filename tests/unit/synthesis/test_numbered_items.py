"""Items of a numbered list, whatever a model writes around and inside them."""

import pytest

from instruction_tuning.synthesis.numbered_items import numbered_items


def texts(reply: str, **settings) -> list[str]:
    return [item.text for item in numbered_items(reply, **{"most": 8, "is_cut_off": False} | settings)]


def reasons(reply: str, **settings) -> list[str | None]:
    return [item.drop_reason for item in numbered_items(reply, **{"most": 8, "is_cut_off": False} | settings)]


@pytest.mark.parametrize(
    "reply",
    [
        "9. First.\n10. Second.",
        "Sure!\n\n9) First.\n\n10) Second.",
        "**9.** First.\n10: Second.",
        "9、First.\n10、Second.",
    ],
)
def test_lists_are_read_as_models_write_them(reply: str) -> None:
    read = [text.removeprefix("** ") for text in texts(reply)]
    assert read == ["First.", "Second."]


def test_only_the_next_number_opens_an_item() -> None:
    assert texts("4. Sort these:\n1. pear\n2. apple\n5. Next") == ["Sort these:\n1. pear\n2. apple", "Next"]


def test_texts_stay_as_they_were_written() -> None:
    code = "Give the value of f(2).\n\ndef f(x):\n    return NASA[x]"
    assert texts(f"1. {code}\n2. Explain DNA to a CEO.") == [code, "Explain DNA to a CEO."]


def test_a_reply_that_was_cut_off_loses_its_last_item_alone() -> None:
    assert reasons("1. Whole.\n2. Whole too.\n3. Hal", is_cut_off=True) == [None, None, "cut_off"]


def test_empty_and_surplus_items_are_said() -> None:
    assert reasons("1. a\n2.\n3. c\n4. d", most=3) == [None, "empty", None, "surplus"]
    assert numbered_items("I cannot think of any.", most=8, is_cut_off=False) == []


def test_a_plain_model_goes_on_with_the_text_and_does_not_know_when_to_stop() -> None:
    reply = " Name a bird.\n10. Sort 3 1 2.\n\nThe weather was fine.\n\nChapter two"
    found = numbered_items(reply, most=8, is_cut_off=True, continued_from=9)
    assert [item.text for item in found] == ["Name a bird.", "Sort 3 1 2."]
    assert [item.drop_reason for item in found] == [None, None], "what was cut off stood behind the list"
