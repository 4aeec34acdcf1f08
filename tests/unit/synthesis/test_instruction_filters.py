"""What each filter takes, in both languages, and what none takes."""

import pytest

from instruction_tuning.synthesis.instruction_filters import InstructionFilters, instruction_fault

FILTERS = InstructionFilters()


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        (" \n", "en", "empty"),
        ("Sort these numbers", "en", "too_short"),
        ("写诗吧", "zh", "too_short"),
        ("word " * 151, "en", "too_long"),
        ("字" * 302, "zh", "too_long"),
        ("Describe the picture of a cat", "en", "other_media"),
        ("Say how to go to the station", "en", "other_media"),
        ("根据这张图片写一段话", "zh", "other_media"),
        ("Write a program that sorts a list", "en", "asks_for_program"),
        ("请编写一个程序，计算圆的面积", "zh", "asks_for_program"),
        ("- Name four birds of prey", "en", "wrong_start"),
        ("Ünlü bir yazar adı söyle", "en", "wrong_start"),
        ("，写一首关于春天的诗", "zh", "wrong_start"),
        ("写一首关于春天的诗", "en", "wrong_start"),
        ("A haiku: 写一首关于春天的诗，不要太长，语言要优美", "en", "other_language"),
        ("Write a poem about the spring", "zh", "other_language"),
    ],
)
def test_each_filter_takes_its_own(text: str, language: str, reason: str) -> None:
    fault = instruction_fault(text, language, FILTERS)
    assert fault is not None and fault.reason == reason and fault.detail


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Photograph captions need verbs; rewrite this graphic novel's title.", "en"),  # words, not parts
        ("word " * 150, "en"),
        ("47 + 25 = ?", "en"),
        ("写首小诗", "zh"),
        ("把ABC倒过来写一遍", "zh"),
        ("WHO approved NASA's plan?", "en"),
        ("Write code that sorts a list", "en"),
    ],
)
def test_what_is_fine_passes(text: str, language: str) -> None:
    assert instruction_fault(text, language, FILTERS) is None


def test_bounds_are_settings() -> None:
    assert instruction_fault("Reverse ABC.", "en", InstructionFilters(min_words=2)) is None
