"""What the benchmarks test is in no document, in whatever wording, language, order or composition."""

import json
import re
from itertools import pairwise

import pytest
from microworld_reading import items_of

from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.corpus import documents
from instruction_tuning.microworld.dialogue import FOLLOW_UPS
from instruction_tuning.microworld.skills import DOCUMENT_SKILLS, SKILLS
from instruction_tuning.microworld.world import build_world

WORLD = build_world()
ITEMS = benchmark_items(WORLD, 3)
TEXTS = [document["text"] for document in documents(WORLD, 5, 500)]
LINES = [line for text in TEXTS for line in text.splitlines()]


@pytest.fixture(scope="module")
def read_lines():
    return [(line, skill, slots) for line in LINES for skill, slots in items_of(WORLD, line)]


def test_every_item_that_documents_hold_is_a_train_item(read_lines) -> None:
    held_out = [
        (line, skill.name)
        for line, skill, slots in read_lines
        if not skill.documents_hold_test_items and skill.split_of(slots) != "train"
    ]
    assert not held_out
    assert {skill.name for _, skill, _ in read_lines} == {skill.name for skill in DOCUMENT_SKILLS}
    assert len({line for line, _, _ in read_lines}) > 0.4 * len(LINES)


def test_no_test_sum_is_in_a_document_in_any_order_language_or_story() -> None:
    sums = {
        frozenset(re.findall(r"\d+", item["question"]))
        for item in ITEMS
        if item["split"] == "test" and item["skill"] in ("add", "add_zh")
    }
    pattern = re.compile(r"(?<!\d)(\d+)(?: \+ | plus | and |加|与|\+)(\d+)(?!\d|的差)")
    found = {frozenset(pair) for line in LINES for pair in pattern.findall(line)}
    # A column of one digit under another is how sums are worked out.
    found = {pair for pair in found if max(len(number) for number in pair) > 1}
    assert len(found) > 300
    assert not found & sums


def test_no_line_is_a_test_item_of_the_benchmark() -> None:
    lines = set(LINES)
    unseen = [item for item in ITEMS if item["split"] == "test" and item["ability"] != "open_qa"]
    assert not [item for item in unseen if f"{item['document_prompt']} {item['document_target']}" in lines]
    assert not [item for item in unseen if item["question"] in lines]


def test_no_question_of_a_chat_wording_is_in_a_document() -> None:
    asked = {item["question"] for item in ITEMS if "\n" not in item["question"]}
    for line in LINES:
        assert line not in asked


@pytest.fixture(scope="module")
def committed(project_path):
    """The files that every default run reads: lines of the replay documents, and the benchmark's items."""
    folder = project_path / "data/01_raw/microworld"
    documents, items = (
        [json.loads(line) for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
        for name in ("replay_documents", "benchmark_items")
    )
    assert len(documents) > 1000 and len(items) > 4000
    return [line for document in documents for line in document["text"].splitlines()], items


def test_the_committed_replay_documents_hold_no_held_out_item(committed) -> None:
    lines, _ = committed
    read = [(line, skill, slots) for line in lines for skill, slots in items_of(WORLD, line)]
    held_out = [
        (line, skill.name)
        for line, skill, slots in read
        if not skill.documents_hold_test_items and skill.split_of(slots) != "train"
    ]
    assert not held_out
    assert len({line for line, _, _ in read}) > 0.4 * len(lines)


def test_the_committed_replay_documents_hold_no_line_or_question_of_a_committed_test_item(committed) -> None:
    lines, items = committed
    told = set(lines)
    unseen = [item for item in items if item["split"] == "test"]
    assert not [item["item_id"] for item in unseen if item["question"] in told]
    # Facts are what documents are for: there the phrasing is what is held out.
    unseen = [item for item in unseen if item["ability"] != "open_qa"]
    assert len(unseen) > 500
    assert not [
        item["item_id"] for item in unseen if f"{item['document_prompt']} {item['document_target']}" in told
    ]
    questions = [item["question"] for item in unseen if "\n" not in item["question"]]
    assert not [line for line in told if any(question in line for question in questions)]


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_documents_ask_in_words_of_their_own(skill) -> None:
    chat = {*skill.train_questions, *skill.validation_questions, *skill.test_questions}
    assert not chat & set(skill.document_questions)


@pytest.mark.parametrize("follow_up", FOLLOW_UPS, ids=lambda follow_up: follow_up.name)
def test_no_phrasing_of_a_follow_up_is_in_two_splits(follow_up) -> None:
    phrasings = [set(forms) for forms in follow_up.questions.values()]
    assert all(not first & second for first, second in pairwise(phrasings))
    assert len(set.union(*phrasings)) == sum(len(forms) for forms in phrasings)


def test_withheld_facts_are_in_no_document() -> None:
    text = "\n".join(TEXTS)
    withheld = {WORLD.facts[fact] for fact in WORLD.withheld if fact in WORLD.facts}
    assert len(withheld) == 48
    assert not withheld & set(re.findall(r"[A-Z][a-z]+", text))
    told = {(place, relation): value for (place, relation), value in WORLD.chinese_facts.items()}
    for fact in (fact for fact in WORLD.withheld if fact in told):
        assert f"{fact[0]}的{fact[1]}是{told[fact]}" not in text


def test_a_document_depends_on_its_number_alone() -> None:
    assert list(documents(WORLD, 5, 3, start=7)) == list(documents(WORLD, 5, 10))[7:]
