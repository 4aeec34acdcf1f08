"""The teacher writes tests, programs and repairs, with faults that follow from its share of wrong answers."""

from instruction_tuning.answering.code_tests import read_tests
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.teacher import NONSENSE, Teacher, TeacherFaults
from instruction_tuning.microworld.world import build_world
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.seeds import substream
from instruction_tuning.verification.program_text import program_text
from instruction_tuning.verification.tiny_programs import run_program

WORLD = build_world()
FAULTLESS = Teacher(WORLD, TeacherFaults(0, 0, 0, 0, 0, 0), seed=1)
FAULTY = Teacher(WORLD, TeacherFaults(), seed=1)
WRITING = [skill for skill in SKILLS if skill.answer_kind == "program"]
ITEMS = [
    (skill, slots, skill.train_questions[0].format(**slots))
    for skill in WRITING
    for number in range(40)
    for slots in [skill.item(WORLD, substream(3, skill.name, number), "train")]
]


def ask(teacher: Teacher, name: str, seed: int = 0, **values: str) -> str:
    return teacher.reply([{"role": "user", "content": read_prompt(name).fill(values)}], seed, 0)


def share_right(teacher: Teacher, name: str, **values: str) -> float:
    right = [
        skill.score(WORLD, slots, program_text(ask(teacher, name, instruction=asked, **values)) or "") == 1
        for skill, slots, asked in ITEMS
    ]
    return sum(right) / len(right)


def test_a_faultless_teacher_tests_what_is_asked_for() -> None:
    for skill, slots, asked in ITEMS[::8]:
        found = read_tests(ask(FAULTLESS, "writing_tests", instruction=asked))
        assert found is not None and len(found.tests) == len(skill.rubric_of(WORLD, slots)["tests"])
        for argument, value in skill.rubric_of(WORLD, slots)["tests"]:
            assert f"assert f({argument!r}) == {run_program(slots['answer'], argument)!r}" in found.tests
            assert value == run_program(slots["answer"], argument)


def test_programs_and_repairs_are_right_without_faults_and_err_as_stated() -> None:
    repair = {"program": "x", "error": "y"}
    assert share_right(FAULTLESS, "solving_with_tests", tests="assert f(1) == 2") == 1
    assert share_right(FAULTLESS, "repairing", **repair) == 1
    assert 0.8 < share_right(FAULTY, "solving_with_tests", tests="assert f(1) == 2") < 1
    assert 0.5 < share_right(FAULTY, "repairing", **repair) < 0.85


def test_what_is_no_task_for_a_program_gets_nonsense() -> None:
    for name, values in (("writing_tests", {}), ("repairing", {"program": "x", "error": "y"})):
        for asked in ("What is the meaning of life?", "What is 47 plus 25?"):
            assert ask(FAULTLESS, name, instruction=asked, **values) in NONSENSE
