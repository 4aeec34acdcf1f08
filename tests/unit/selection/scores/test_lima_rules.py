import numpy as np
import pandas as pd
import pytest

from instruction_tuning.selection.scores.lima_phrases import (
    dependent_title,
    first_person,
    html,
    image,
    link,
    reference,
    without_code,
)
from instruction_tuning.selection.scores.lima_rules import RULES, lima_rules

CLEAN = "Boil the water, add the leaves, and wait three minutes. " * 25  # 1,400 characters
QUESTION = "How do you make green tea?"


def pool(answers: list[str | None], question: str = QUESTION, source: str = "web") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record_id": [f"{row:04x}" for row in range(len(answers))],
            "messages": [[{"role": "user", "content": question}]] * len(answers),
            "answer": pd.array(answers, dtype="str"),
            "source": source,
        }
    )


def test_an_answer_that_keeps_all_rules_scores_one() -> None:
    rules = lima_rules(pool([CLEAN]))
    assert rules["lima_score"].tolist() == [1.0] and rules["violated"].tolist() == [[]]


def test_each_violated_rule_takes_its_share_and_is_named() -> None:
    answer = (
        f"{CLEAN} I think so. <br> See https://example.org/tea and ![a cup](cup.png), as mentioned above."
    )
    rules = lima_rules(pool([answer, "Short."], question="How do I fix this?"))
    assert rules["violated"].tolist() == [
        ["first_person", "reference", "link", "image", "html", "title"],
        ["length", "title"],
    ]
    np.testing.assert_allclose(rules["lima_score"], [1 / 7, 5 / 7])
    assert len(RULES) == 7


@pytest.mark.parametrize(
    ("characters", "kept"), [(1_199, False), (1_200, True), (4_096, True), (4_097, False)]
)
def test_the_bounds_of_the_length_belong_to_it(characters: int, kept: bool) -> None:
    violated = lima_rules(pool(["a" * characters]))["violated"].iloc[0]
    assert violated == ([] if kept else ["length"])


def test_the_length_is_asked_of_the_named_sources_only() -> None:
    short = pool(["Yes."], source="self_instruct")
    assert lima_rules(short, length_sources=["web"])["violated"].tolist() == [[]]
    assert lima_rules(short, length_sources=["self_instruct"])["violated"].tolist() == [["length"]]
    assert lima_rules(short, min_answer_characters=1)["violated"].tolist() == [[]]


def test_without_an_answer_there_is_no_score_and_no_violation() -> None:
    rules = lima_rules(pool([None, CLEAN]))
    assert rules["lima_score"].isna().tolist() == [True, False]
    assert rules["violated"].tolist() == [[], []]


def test_the_title_is_the_first_question_of_a_conversation() -> None:
    records = pool([CLEAN])
    follow_up = [
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": "With water."},
        {"role": "user", "content": "And this?"},
    ]
    assert lima_rules(records.assign(messages=[follow_up]))["violated"].tolist() == [[]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Then I went home.", "I"),
        ("I'm not sure.", "I'm"),
        ("That is my view.", "my"),
        ("在我看来，这样更好。", "我"),
        ("笔者认为不妥。", "笔者"),
        ("World War I was long, and a Type I error is one.", None),
        ('She said "I am here" and left.', None),
        ("他说：“我来了。”", None),
        ("自我管理在我国很重要，我们都知道。", None),
        ("The first item is I/O.", None),
    ],
)
def test_the_first_person_is_told_from_numerals_and_from_what_is_quoted(text: str, found: str | None) -> None:
    assert first_person(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "As I already mentioned, boil it.",
        "The other answers are wrong.",
        "See the comments.",
        "On Stack Overflow this is asked often.",
        "Upvote if it helped.",
        "EDIT: it works now.",
        "楼主说得对。",
        "如上所述，水要烧开。",
        "请关注我",
    ],
)
def test_pointers_at_the_page_around_an_answer_are_found(text: str) -> None:
    assert reference(text) is not None


@pytest.mark.parametrize(
    "text", ["The answer is 4.", "Mention the date.", "The editor: a tool.", "楼上住着邻居。", "关注我们的钱"]
)
def test_words_that_point_at_nothing_are_left_alone(text: str) -> None:
    assert reference(text) is None


def test_what_stands_in_code_is_left_alone() -> None:
    code = "Write:\n```html\n<div><a href='https://example.org'>x</a></div>\n```\nand `<br>`."
    assert html(code) is not None
    prose = without_code(code)
    assert (html(prose), link(prose), image(prose)) == (None, None, None)


@pytest.mark.parametrize("text", ["a < b and c > d", "List<String> names", "if a<b then b>a", "AT&T"])
def test_comparisons_and_generics_are_no_html(text: str) -> None:
    assert html(text) is None


@pytest.mark.parametrize(
    ("request_text", "found"),
    [
        ("How do I fix this?", "this"),
        ("Sort the following.", "the following"),
        ("总结以下内容。", "以下"),
        ("Help!", "Help!"),
        ("What is the river of Dalmo?", None),
        ("Sort the following: 3 1 2", None),
        ("Sort the following numbers.\n3 1 2", None),
        ("Use the following words - tea, cup", None),
        ("Is this sentence right? The cat sleeps.", None),
        ('Rewrite this sentence: "The cat sleeps."', None),
        ("Name five games for children that suit these children", "these"),
        ("Name five games for children, and say how these are played.", None),
        ("What happened in France this year?", None),
        ("以下陈述是对还是错？猫会飞。", None),
        ("列出五个游戏，这些游戏可以在雨天玩。", None),
    ],
)
def test_a_title_that_does_not_stand_alone_is_told(request_text: str, found: str | None) -> None:
    assert dependent_title(request_text) == found
