import pytest

from instruction_tuning.selection.tags.stemming import stem


@pytest.mark.parametrize(
    "forms",
    [
        ("rewrite", "rewrites", "rewriting"),
        ("translate", "translation", "translations", "translated"),
        ("classify", "classifies", "classified", "classification"),
        ("summarize", "summarization", "summarizing"),
        ("program", "programs", "programming"),
        ("summary", "summaries"),
        ("movie", "movies"),
        ("class", "classes"),
        ("spell", "spelling"),
        ("question", "questions"),
    ],
)
def test_forms_of_a_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("string", "str"),
        ("general", "generate"),
        ("story", "store"),
        ("party", "part"),
        ("organ", "organize"),
        ("news", "new"),
        ("quest", "question"),
        ("speed", "spe"),
    ],
)
def test_other_words_stay_apart(one: str, other: str) -> None:
    assert stem(one) != stem(other)


@pytest.mark.parametrize("word", ["翻译", "c++", "naïves", "gpt4s", "as", "es", "ies", "s"])
def test_what_is_no_english_word_of_some_length_stays(word: str) -> None:
    assert stem(word) == word
