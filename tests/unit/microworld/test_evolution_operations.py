"""The teacher's operations of Evol-Instruct and WizardCoder, and its word on a pair."""

import random
from collections import Counter

import pytest

from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.evolution import is_train_item
from instruction_tuning.microworld.evolution_operations import without_attempt
from instruction_tuning.microworld.teacher import NONSENSE, Teacher, TeacherFaults
from instruction_tuning.microworld.world import build_world
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.synthesis.elimination import instruction_fault, parse_check
from instruction_tuning.synthesis.evolution_operations import PROMPTS, operation_texts
from instruction_tuning.text.languages import language_of

WORLD = build_world()
ITEMS = [item for item in benchmark_items(WORLD, 3) if item["split"] == "train" and item["counted"]]
RIGHT = Teacher(WORLD, TeacherFaults(0, 0, 0, 0, 0, 0), seed=1)
FAULTY = Teacher(WORLD, TeacherFaults(), seed=1)
OPERATIONS = {
    (kind, name): text
    for kind, file in PROMPTS.items()
    for name, text in operation_texts(read_prompt(file)).items()
}


def ask(teacher: Teacher, prompt: str, **values: str) -> str:
    return teacher.reply([{"role": "user", "content": read_prompt(prompt).fill(values)}], 0, 0)


@pytest.mark.parametrize(("kind", "name"), list(OPERATIONS))
def test_each_operation_makes_train_items_of_the_world(kind: str, name: str) -> None:
    items = [item for item in ITEMS if (item["ability"] == "code") == (kind == "code")]
    changed = 0
    for item in items[:: 1 if kind == "code" else 9]:
        new = ask(RIGHT, "evolving", method=OPERATIONS[kind, name], instruction=item["question"])
        found = RIGHT._recognise((new,))
        assert found is not None and is_train_item(*found)
        changed += new != item["question"]
    assert changed > 0


def test_a_misdirection_shows_wrong_code_and_changes_neither_task_nor_right_answer() -> None:
    item = next(item for item in ITEMS if item["skill"] == "write_code")
    new = ask(RIGHT, "evolving", method=OPERATIONS["code", "misdirect"], instruction=item["question"])
    assert new.startswith(item["question"]) and without_attempt(new) == item["question"]
    shown = new.rpartition("\n")[2]
    assert shown != item["target"]
    assert RIGHT.reply([{"role": "user", "content": new}], 0, 0) == item["target"]


def test_the_faults_are_of_every_kind_that_the_rules_look_for() -> None:
    reasons: Counter[str] = Counter()
    for item in ITEMS[::2]:
        new = ask(FAULTY, "evolving", method=OPERATIONS["text", "breadth"], instruction=item["question"])
        language = language_of(item["question"])
        fault = instruction_fault(
            new, [item["question"]], read_prompt("evolving"), language=language, max_characters=2000
        )
        reasons[fault[0] if fault else "none"] += 1
    looked_for = {"no_information_gain", "leaked_prompt", "missing_material", "declined", "wrong_language"}
    assert looked_for <= set(reasons)
    assert 0.08 < 1 - reasons["none"] / reasons.total() < 0.25


def test_a_pair_is_compared_by_what_it_asks_for() -> None:
    add = next(item for item in ITEMS if item["skill"] == "add")
    other_words = ask(RIGHT, "evolution_check", parent=add["question"], instruction=add["question"] + "!!")
    assert parse_check(other_words) == (True, True)
    windy = f"{add['question']} Answer as the wind would."
    assert parse_check(ask(RIGHT, "evolution_check", parent=add["question"], instruction=windy)) == (
        False,
        False,
    )
    for item in random.Random(1).sample(ITEMS, 20):
        new = ask(RIGHT, "evolving", method=OPERATIONS["text", "breadth"], instruction=item["question"])
        said = parse_check(ask(RIGHT, "evolution_check", parent=item["question"], instruction=new))
        assert said == (new == item["question"], True)


def test_the_word_on_a_pair_errs_and_is_unreadable_as_stated() -> None:
    said = [
        parse_check(ask(FAULTY, "evolution_check", parent=item["question"], instruction=item["question"]))
        for item in ITEMS
    ]
    read = [verdict for verdict in said if verdict is not None]
    assert 0 < len(said) - len(read) < 0.03 * len(said)
    assert 0.06 < sum(not equal for equal, _ in read) / len(read) < 0.14


def test_an_operation_that_it_does_not_know_gets_nonsense() -> None:
    asked = {"method": "shorten: it asks for less.", "instruction": ITEMS[0]["question"]}
    assert ask(RIGHT, "evolving", **asked) in NONSENSE
