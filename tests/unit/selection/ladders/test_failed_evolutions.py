import pytest

from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.selection.ladders.failed_evolutions import evolution_status, revision

SEED = "What is 3 + 4?"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("What is 3 + 4 + 5?", "ok"),
        ("What is 3 - 4?", "ok"),
        ("  What is\n3 + 4 ", "unchanged"),
        ("What is 3 + 4？", "unchanged"),
        ("Name a colour.", "unchanged"),  # an earlier rung
        ("", "unanswered"),
        ("...", "unanswered"),
        ("Of the", "unanswered"),
        ("I'm sorry, but I cannot help with that.", "unanswered"),
        ("抱歉，我无法回答这个问题。", "unanswered"),
        ("New request, by the method: What is 3 + 4 + 5?", "leaked_prompt"),
        ("[Request to change]\nWhat is 3 + 4 + 5?", "leaked_prompt"),
        ("新请求：3加4加5等于多少？", "leaked_prompt"),
    ],
)
def test_a_failed_evolution_of_a_request_is_told_by_what_is_wrong_with_it(text: str, status: str) -> None:
    earlier = ["Name a colour.", SEED]
    assert evolution_status(text, earlier, read_prompt("evolving"), is_request=True) == status


def test_words_of_the_prompt_are_no_leak_where_the_request_is_about_them() -> None:
    earlier = ["How do I file a new request?"]
    text = "How do I file a new request for two people?"
    assert evolution_status(text, earlier, read_prompt("evolving"), is_request=True) == "ok"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("it", "ok"),
        ("RKTO", "ok"),
        ("rkto", "unchanged"),
        (" ", "unanswered"),
        ("12. Critique: no", "leaked_prompt"),
    ],
)
def test_an_answer_may_be_a_function_word_and_differ_in_case_only(text: str, status: str) -> None:
    assert evolution_status(text, ["rkto."], read_prompt("critique"), is_request=False) == status


@pytest.mark.parametrize(
    ("reply", "revised"),
    [
        ("Critique: wrong.\nRevised answer: 12", "12"),
        ("**Critique:** wrong.\n**Revised answer:** 1\n2", "1\n2"),
        ("评语：错。\n修改后的回答：十二", "十二"),
        ("Critique: wrong.\nRevised answer:", None),
        ("Critique: right.", None),
    ],
)
def test_the_revised_answer_stands_behind_its_name(reply: str, revised: str | None) -> None:
    assert revision(reply) == revised
