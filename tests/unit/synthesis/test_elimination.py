from typing import Any

import pytest

from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.schemas.evolved_instructions import REASONS as STORED_REASONS
from instruction_tuning.synthesis.elimination import (
    REASONS,
    answer_fault,
    check_fault,
    instruction_fault,
    parse_check,
)

SEED = "Name a colour that is warm."
PARENT = "Name two colours that are warm."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Name two colours that are warm, and say where each is seen.", None),
        ("Name three colours that are warm.", None),
        (PARENT, "no_information_gain"),
        ("Name two colours that are: warm!", "no_information_gain"),
        ("Name the colour that was warm", "no_information_gain"),  # nearly the seed again
        ("The", "declined"),
        ("I'm sorry, but I cannot help with that.", "declined"),
        ("#Rewritten Prompt#: Name three colours that are warm.", "leaked_prompt"),
        ("Here is the given prompt: name three warm colours.", "leaked_prompt"),
        ("add_constraint: Name three colours that are warm.", "leaked_prompt"),
        ("Method: name three colours that are warm.", "leaked_prompt"),
        ("Name three colours " + "and more " * 30, "too_long"),
        ("说出三种暖色。", "wrong_language"),
        ("Name two colours that are warm in the attached file.", "missing_material"),
    ],
)
def test_an_instruction_is_thrown_out_for_what_its_text_shows(text: str, reason: str | None) -> None:
    fault = instruction_fault(
        text, [SEED, PARENT], read_prompt("evolving"), language="en", max_characters=200
    )
    assert (fault and fault[0]) == reason


def test_a_word_of_the_prompt_is_no_leak_where_the_parent_has_it() -> None:
    text = "What does the title #Given Prompt# mean in this file, and why?"
    earlier = ["What does the title #Given Prompt# mean in this file?"]
    assert (
        instruction_fault(text, earlier, read_prompt("evolving"), language="en", max_characters=200) is None
    )


def answered(answer: str | None, **fields: Any) -> dict[str, Any]:
    row = {"instruction": "Name two colours that are warm.", "answer": answer, "finish_reason": "stop"}
    return {**row, "kind": "text", "operation": "deepen", **fields}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (answered("Red and orange."), None),
        (answered("A"), None),  # a letter may be what was asked for
        (answered(None), "no_answer"),
        (answered("Red and or", finish_reason="length"), "answer_cut"),
        (answered("It is the, of..."), "answer_says_nothing"),
        (answered("I am sorry, this is hard to tell."), "answer_apologises"),
        (answered("Sorry to say so: " + "red " * 90), None),  # long enough to be an answer
        (answered("I'm sorry, but I cannot help with that."), "answer_refusal"),
        (answered("N/A"), "answer_empty"),
        (answered("Name two colours that are warm"), "answer_echo"),
        (answered("红色和橙色都是暖色"), "answer_language"),
        (answered("```python\ndef f(x):  return x + 3\n```", kind="code"), "unchanged_code"),
        (answered("def f(x): return x + 4", kind="code"), None),
        # Wrong code beside the task does not change what is right.
        (answered("def f(x): return x + 3", kind="code", operation="misdirect"), None),
    ],
)
def test_an_answer_throws_its_instruction_out(row: dict[str, Any], reason: str | None) -> None:
    fault = answer_fault(row, parent_answer="def f(x): return x + 3", apology_words=80)
    assert (fault and fault[0]) == reason


@pytest.mark.parametrize(
    ("reply", "read", "reason"),
    [
        ("Equal: no\nAnswerable: yes", (False, True), None),
        ("**Equal:** No\n**Answerable:** Yes", (False, True), None),
        ("相同：否\n可回答：是", (False, True), None),
        ("Equal: yes\nAnswerable: yes", (True, True), "no_information_gain"),
        ("Equal: no\nAnswerable: no", (False, False), "unanswerable"),
        ("Equal: no", None, "unreadable_check"),
        ("They differ.", None, "unreadable_check"),
        ('{"equal": false, "answerable": true}', (False, True), None),
        ('{"equal": true, "answerable": true}', (True, True), "no_information_gain"),
        ('{"equal": "no", "answerable": true}', None, "unreadable_check"),
        ('{"equal": no', None, "unreadable_check"),
    ],
)
def test_what_a_model_says_of_the_pair(reply: str, read: object, reason: str | None) -> None:
    assert parse_check(reply) == read
    fault = check_fault(reply)
    assert (fault and fault[0]) == reason


def test_no_word_of_the_model_keeps_nothing() -> None:
    assert check_fault(None) == ("no_check", "no reply came")


def test_the_schema_knows_every_reason() -> None:
    assert set(STORED_REASONS) == set(REASONS)
