from collections import Counter

import pandas as pd
import pytest

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.prompts.files import Prompt
from instruction_tuning.synthesis.evolution_operations import (
    SAME_ANSWER,
    drawn_operation,
    kinds_of,
    operation_texts,
    texts_of_operations,
)


def test_a_line_of_the_file_is_an_operation_and_what_holds_always_stands_below_each() -> None:
    prompt = Prompt("operations", "always: be brief.\n\ndeepen: it goes on.\nbreadth: it turns.", "0" * 12)
    assert operation_texts(prompt) == {
        "deepen": "deepen: it goes on.\nalways: be brief.",
        "breadth": "breadth: it turns.\nalways: be brief.",
    }


def test_the_six_of_wizardlm_and_the_five_of_wizardcoder_have_a_line_each() -> None:
    text = ("add_constraint", "deepen", "concretise", "reasoning", "complicate_input", "breadth")
    assert list(texts_of_operations(text, "text")) == list(text)
    code = ("add_requirement", "rarer_requirement", "reasoning", SAME_ANSWER, "complexity")
    assert list(texts_of_operations(code, "code")) == list(code)


def test_an_operation_without_a_line_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"no operation `depen` for text(.|\n)*add_constraint"):
        texts_of_operations(["depen"], "text")


def test_the_draw_is_uniform_and_follows_from_seed_root_and_round_alone() -> None:
    names = ["b", "a", "c"]
    drawn = [drawn_operation(names, root_id=f"r{n}", round_number=1, seed=5) for n in range(300)]
    assert min(Counter(drawn).values()) > 70
    again = [drawn_operation(names[::-1], root_id=f"r{n}", round_number=1, seed=5) for n in range(300)]
    assert again == drawn
    assert drawn != [drawn_operation(names, root_id=f"r{n}", round_number=2, seed=5) for n in range(300)]


def test_code_is_told_by_the_category_the_code_shown_or_the_request_that_has_no_answer_yet() -> None:
    rows = [
        ("Sort this.", "1 2", "coding", "code"),
        ("Write a function to add 3 to x.", "def f(x): return x + 3", None, "code"),
        ("What does `def f(x): return x` do?", None, None, "code"),
        ("Write a python script.", None, None, "code"),
        ("Reverse the code QBF.", "FBQ", None, "text"),
        ("Name a colour.", None, None, "text"),
    ]
    frame = pd.DataFrame(rows, columns=["instruction", "answer", "category", "kind"])
    assert kinds_of(frame).tolist() == frame["kind"].tolist()
