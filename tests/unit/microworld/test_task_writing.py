"""The teacher thinks up tasks of its world, places and exemplifies them, with stated faults."""

import re
from collections import Counter
from dataclasses import replace

import pytest

from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.seed_tasks import seed_tasks
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.task_forms import CutOff
from instruction_tuning.microworld.teacher import NONSENSE, Teacher, TeacherFaults
from instruction_tuning.microworld.teacher_server import completion
from instruction_tuning.microworld.world import build_world
from instruction_tuning.microworld.writing_requests import read_writing
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.synthesis.instances import read_instances
from instruction_tuning.synthesis.numbered_items import numbered_items
from instruction_tuning.text.languages import language_of
from instruction_tuning.verification.answer_score import answer_score

WORLD = build_world()
FAULTLESS = TeacherFaults(0, 0, 0, 0, 0, 0, 0)
TEACHER = Teacher(WORLD, FAULTLESS, seed=1)
SEEDS = seed_tasks(WORLD, 5)
EXAMPLES = "1. What is 3 plus 4?\n2. Name a coin."


def request(teacher: Teacher, name: str, seed: int = 0, **values: str) -> str:
    content = read_prompt(name).fill(values)
    return teacher.reply([{"role": "user", "content": content}], seed, 0)


def new_tasks(teacher: Teacher, language: str = "English", seed: int = 0) -> str:
    values = {"examples": EXAMPLES, "language": language, "first": "3", "count": "8"}
    return request(teacher, "new_tasks", seed, **values)


def items(reply: str) -> list[str]:
    found = numbered_items(reply, most=8, is_cut_off=isinstance(reply, CutOff))
    return [item.text for item in found if item.drop_reason is None]


@pytest.mark.parametrize(("language", "code"), [("English", "en"), ("Chinese", "zh")])
def test_new_tasks_are_asked_in_train_phrasings_of_train_items(language: str, code: str) -> None:
    test_items = {item["question"] for item in benchmark_items(WORLD, 3) if item["split"] != "train"}
    for seed in range(6):
        written = items(new_tasks(TEACHER, language, seed))
        assert len(written) == 8
        assert {language_of(text) for text in written} <= {code, "other"}
        assert not test_items & set(written)
        for text in written:
            # Alone, or with a text of a kind that the skill takes behind it.
            asked = TEACHER.reply([{"role": "user", "content": text}], 0, 0)
            examples = request(TEACHER, "input_first", instruction=text, count="2")
            assert asked not in NONSENSE or examples not in NONSENSE, text


def test_examples_are_right_and_of_the_task() -> None:
    for task in SEEDS:
        reply = request(TEACHER, "input_first", instruction=task["instruction"], count="3")
        found = read_instances(reply, label_first=False, is_cut_off=False, most=3)
        assert found, task
        for instance in found:
            question = f"{task['instruction']}\n\n{instance.input}" if instance.input else task["instruction"]
            item = TEACHER._recognise((question,))
            assert item is not None, question
            skill, slots = item
            assert answer_score(instance.output, skill.rubric_of(WORLD, slots)) == 1, question


def test_classification_is_placed_and_exemplified_label_first() -> None:
    for task in SEEDS:
        said = request(TEACHER, "task_kind", instruction=task["instruction"])
        assert (said == "Yes") is task["is_classification"]
    mood = request(TEACHER, "label_first", instruction="Give the mood of this review.", count="3")
    found = read_instances(mood, label_first=True, is_cut_off=False, most=3)
    assert len(found) == 3 and {instance.output for instance in found} <= {"positive", "negative"}


def test_the_paraphrases_are_of_the_same_item() -> None:
    reply = request(TEACHER, "paraphrasing", instruction="What is 12 plus 5?", count="6")
    reworded = items(reply)
    assert len(reworded) == 6 and len(set(reworded)) > 2
    assert all({"12", "5"} <= set(re.findall(r"\d+", text)) for text in reworded)


def test_a_section_has_exercises_on_its_subject() -> None:
    section = request(TEACHER, "textbook_section", topic="translation", language="Chinese", words="300")
    reply = request(TEACHER, "textbook_exercises", section=section, count="4")
    exercises = items(reply)
    assert len(exercises) == 4 and all("Exercise: " in text and "\nAnswer: " in text for text in exercises)
    assert {language_of(text.partition("\n")[0].removeprefix("Exercise: ")) for text in exercises} == {"zh"}


def test_it_errs_as_often_as_stated() -> None:
    teacher = Teacher(WORLD, replace(FAULTLESS, task_fault_rate=0.2), seed=1)
    counts: Counter[str] = Counter()
    for seed in range(100):
        reply = new_tasks(teacher, seed=seed)
        counts["cut_off"] += isinstance(reply, CutOff)
        for item in numbered_items(reply, most=8, is_cut_off=isinstance(reply, CutOff)):
            counts["items"] += 1
            counts["empty"] += item.drop_reason == "empty"
            counts["repeated"] += item.text in EXAMPLES and item.text != ""
            counts["over_long"] += len(item.text.split()) > 150
    assert 0.03 < counts["cut_off"] / 100 < 0.1
    assert 0.14 < (counts["empty"] + counts["repeated"] + counts["over_long"]) / counts["items"] < 0.24
    assert min(counts["empty"], counts["repeated"], counts["over_long"]) > 20


def test_the_server_says_that_a_reply_was_cut_off() -> None:
    teacher = Teacher(WORLD, replace(FAULTLESS, task_fault_rate=1.0), seed=1)
    content = read_prompt("input_first").fill({"instruction": "Rewrite this in the past.", "count": "3"})
    body = {"messages": [{"role": "user", "content": content}], "n": 20}
    reasons = [choice["finish_reason"] for choice in completion(teacher, body)["choices"]]
    assert {"length", "stop"} == set(reasons)


def test_what_it_does_not_know_gets_nonsense() -> None:
    assert request(TEACHER, "input_first", instruction="Bake a cake.", count="2") in NONSENSE
    assert request(TEACHER, "textbook_section", topic="love", language="English", words="9") in NONSENSE
    assert read_writing("Write 8 tasks.") is None


def test_seed_tasks_are_of_every_use_case_and_of_train() -> None:
    assert {(task["id"].rpartition("_")[0], task["language"]) for task in SEEDS} >= {
        (f"microworld_{skill.language}_{skill.use_case}", skill.language) for skill in SKILLS
    }
    assert len({task["instruction"] for task in SEEDS}) == len(SEEDS)
