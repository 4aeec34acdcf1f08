"""The teacher finds the instruction that a text answers, and says how well a text answers one."""

import pytest

from instruction_tuning.microworld.teacher import Teacher, TeacherFaults
from instruction_tuning.microworld.world import build_world
from instruction_tuning.synthesis.backtranslation.rating_forms import rating_form
from instruction_tuning.synthesis.backtranslation.seed_pairs import reverse_question

TEACHER = Teacher(build_world(), TeacherFaults(0, 0, 0, 0, 0, 0), seed=1)
RIGHT = {
    "Name the letter at the end of PZDF.": "The last letter of PZDF is F.",
    "The end of PZDF?": "The last letter of PZDF is F.",  # as documents ask
    "99 + 70?": "99 plus 70: 9+0=9, 9+7+0=16, 169.",
    "71减66得几？": "71减66：11-6=5, 7-6-1=0, 5。",
}


@pytest.mark.parametrize(("instruction", "text"), RIGHT.items())
def test_a_right_pair_is_known_in_the_wordings_of_chats_and_of_documents(instruction: str, text: str) -> None:
    assert TEACHER.is_answered(instruction, text)
    assert not TEACHER.is_answered(instruction, "The bird of Zusun is Selur.")


def test_an_instruction_that_nobody_understands_has_no_right_answer() -> None:
    assert not TEACHER.is_answered("Sing.", "La.")


@pytest.mark.parametrize("text", ["The last letter of PZDF is F.", "71减66：11-6=5, 7-6-1=0, 5。"])
def test_the_teacher_writes_an_instruction_that_the_text_answers(text: str) -> None:
    written = TEACHER.reply(reverse_question(f"{text}\n\nBack to top"), 0, 0)
    assert TEACHER.is_answered(written, text)
    wrong = Teacher(build_world(), TeacherFaults(error_rate=1.0), seed=1).reply(reverse_question(text), 0, 0)
    assert not TEACHER.is_answered(wrong, text)


def test_of_a_text_that_does_not_show_what_was_asked_it_writes_nonsense() -> None:
    written = TEACHER.reply(reverse_question("I went there last week."), 0, 0)
    assert not TEACHER.is_answered(written, "I went there last week.")


def test_levels_follow_how_right_the_text_is_and_some_are_missing() -> None:
    question, text = next(iter(RIGHT.items()))
    assert _level(TEACHER, question, text) == 5
    assert _level(TEACHER, question, "The last letter of PZDF is Z.") == 1
    assert _level(TEACHER, "Sing.", "La.") == 2
    mute = Teacher(build_world(), TeacherFaults(unparseable_rate=1.0), seed=1)
    assert _level(mute, question, text) is None


def _level(teacher: Teacher, instruction: str, text: str) -> float | None:
    form = rating_form("chat", "en")
    asked = [{"role": "user", "content": form.question(instruction, text)}]
    return form.level(teacher.reply(asked, 0, 0))
