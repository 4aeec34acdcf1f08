"""What the teacher takes a request for: one operation a prompt, and nothing that makes it stumble."""

import re

import pytest

from instruction_tuning.microworld.teacher import NONSENSE, READERS, Teacher, TeacherFaults
from instruction_tuning.microworld.world import build_world
from instruction_tuning.prompts.files import read_prompt

PROMPTS = (
    *(
        "backtranslation",
        "critique",
        "curation",
        "difficulty",
        "evolution_check",
        "evolution_check_json",
        "evolving",
        "input_first",
    ),
    *("joint_complexity", "joint_quality", "joint_rating", "label_first", "new_tasks", "paraphrasing"),
    *(
        "principled_answer",
        "rating",
        "rating_json",
        "repairing",
        "solving_with_tests",
        "tagging",
        "task_kind",
    ),
    *("textbook_exercises", "textbook_section", "three_shots", "topic", "topic_question", "translating"),
    *("translating_answer", "verbose_answer", "writing_tests"),
)
# A person's text: it has no goods, which the question asks for.
OTHER_KIND_OF_TEXT = (
    "What is the goods in this text?\n\nWim lives in Zistun. Wim is a singer and is 82 years old."
)


@pytest.mark.parametrize("name", PROMPTS)
def test_a_prompt_is_read_as_one_operation_and_no_other_reader_takes_it(name: str) -> None:
    text = read_prompt(name).text
    values = dict.fromkeys(re.findall(r"\{([a-z_]+)\}", text), "What is 3 + 4?")
    values |= {given: "English" for given in values if given == "language"}
    request = read_prompt(name).fill(values)
    takers = [reader.__name__ for reader in READERS if reader(request) is not None]
    assert len(takers) == 1, takers


def test_a_question_about_another_kind_of_text_gets_nonsense_and_no_error() -> None:
    teacher = Teacher(build_world(), TeacherFaults(), seed=0)
    asked = [{"role": "user", "content": OTHER_KIND_OF_TEXT}]
    assert teacher.reply(asked, 0, 0) in NONSENSE
    rating = read_prompt("rating").fill({"instruction": OTHER_KIND_OF_TEXT, "response": "singer"})
    assert teacher.reply([{"role": "user", "content": rating}], 0, 0)
    assert not teacher.is_answered(OTHER_KIND_OF_TEXT, "singer")
