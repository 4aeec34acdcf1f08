import pandas as pd
import pytest

from instruction_tuning.selection.tags.verb_noun_tags import verb_noun_tags


def tags_of(prompt: str, language: str = "en", **columns: object) -> list[str]:
    pool = pd.DataFrame({"record_id": ["a"], "prompt": [prompt], "language": [language], **columns})
    return verb_noun_tags(pool)["tags"].iloc[0]


def test_verb_noun_and_language_are_tags_of_their_own() -> None:
    assert tags_of("Write a story about a dog.") == ["verb write", "noun story", "language en"]
    assert tags_of("请写一篇关于环保的文章。", "zh") == ["verb 写", "noun 文章", "language zh"]


def test_a_language_without_rules_has_no_verb() -> None:
    assert tags_of("Écris une histoire.", "fr") == ["language fr"]


@pytest.mark.parametrize(
    ("prompt", "tag"),
    [
        ("What does this do?\n\n```\nx = 1\n```", "has code"),
        ("Write SELECT name FROM people as a sentence.", "has code"),
        ("Write a Python script.", "about code"),
        ("Name 3 colours.", "has digits"),
        ("What is 47 + 25?", "has arithmetic"),
        ("Summarize the text.\n\nOnce there was a dog.", "has material"),
        ('Correct "He go home".', "has quotation"),
        ("Read https://example.org and comment.", "has link"),
        ("Who was Ada Lovelace? ", "is question"),
        ("Give me five short tips for sleeping well.", "asks for list"),
        ("列出一个好领导者的五个重要品质。", "asks for list"),
        ("Write a 200-word essay.", "asks for length"),
        ("写一个不超过150字的故事。", "asks for length"),
        ("Answer as JSON.", "asks for format"),
        ("Explain gravity.", "asks for explanation"),
        ("Show it step by step.", "asks for steps"),
        ("Give an example of irony.", "asks for example"),
        ("Compare cats and dogs.", "asks to compare"),
        ("Do not use the letter e.", "has condition"),
        ("You are a doctor. Advise me.", "sets role"),
    ],
)
def test_what_a_request_shows_becomes_a_tag(prompt: str, tag: str) -> None:
    assert tag in tags_of(prompt)


@pytest.mark.parametrize(
    ("prompt", "tag"),
    [
        ("Write a poem about lists of names.\n", "has material"),
        ("When was 2020-10-11?", "has arithmetic"),
        ("Describe the functional unit.", "about code"),
        ("Tell me a story.", "asks for length"),
    ],
)
def test_what_a_request_does_not_show_does_not(prompt: str, tag: str) -> None:
    assert tag not in tags_of(prompt)


def test_turns_before_the_last_request_are_seen() -> None:
    turn = {"role": "user", "content": "Hi"}
    assert "has earlier turns" in tags_of("Hi", messages=[[turn, turn, turn]], answer=[None])
    assert "has earlier turns" not in tags_of("Hi", messages=[[turn, turn]], answer=["Hello"])


def test_rows_keep_their_places_whatever_the_index() -> None:
    pool = pd.DataFrame({"record_id": ["a", "b"], "prompt": ["Name a dog.", "Sort 2 1."], "language": "en"})
    tagged = verb_noun_tags(pool.set_axis([5, 2]))
    assert tagged["record_id"].tolist() == ["a", "b"]
    assert tagged["tags"].map(lambda tags: tags[0]).tolist() == ["verb name", "verb sort"]
    assert set(tagged["status"]) == {"parsed"}


def test_an_empty_pool_has_no_tags() -> None:
    assert verb_noun_tags(pd.DataFrame({"record_id": [], "prompt": [], "language": []}, dtype="str")).empty
