import pytest

from instruction_tuning.text.languages import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is the capital of Varland?", "en"),
        ("47加25是多少？", "zh"),
        ("把 hello world 翻译成中文", "zh"),
        ("Translate 你好 into English, and explain the word politely, please.", "en"),
        ("Какая столица?", "other"),
        ("東京の天気はどうですか", "other"),
        ("1 + 1 = ?", "other"),
        ("", "other"),
    ],
)
def test_language_is_told_by_script(text, language):
    assert language_of(text) == language
