"""The raw pool has the faults that its truth says, and no test item leaks but those that are planted."""

import json
import re
from collections import Counter

from instruction_tuning.microworld.benchmark import ITEMS_PER_ABILITY, benchmark_items
from instruction_tuning.microworld.corpus import documents
from instruction_tuning.microworld.pool import FAULT_SHARES, RECORDS, raw_pool
from instruction_tuning.microworld.skills import ABILITIES, SKILLS
from instruction_tuning.microworld.world import build_world

WORLD = build_world()
POOL = raw_pool(WORLD, 3)
ITEMS = benchmark_items(WORLD, 3)


def test_pool_is_the_same_bytes_for_the_same_seed_and_others_for_another() -> None:
    assert raw_pool(WORLD, 3).files == POOL.files
    assert raw_pool(WORLD, 4).files != POOL.files


def test_every_row_has_its_truth() -> None:
    assert Counter(row["source"] for row in POOL.truth) == RECORDS
    assert len(json.loads(POOL.files["alpaca.json"])) == RECORDS["alpaca"]
    assert len(POOL.files["belle.jsonl"].decode().splitlines()) == RECORDS["belle"]


def test_every_kind_of_fault_is_there() -> None:
    assert set(FAULT_SHARES) <= {row["fault"] for row in POOL.truth}


def test_broken_lines_are_those_of_the_truth() -> None:
    broken = {
        row["row"] for row in POOL.truth if row["source"] == "sharegpt" and row["fault"] == "broken_json"
    }
    found = set()
    for number, line in enumerate(POOL.files["sharegpt.jsonl"].decode().splitlines()):
        try:
            json.loads(line)
        except json.JSONDecodeError:
            found.add(number)
    assert found == broken


def test_skills_have_a_long_tail() -> None:
    counts = Counter(row["skill"] for row in POOL.truth if row["source"] == "alpaca")
    assert counts.most_common(1)[0][1] > 8 * min(counts.values())


def test_only_planted_rows_ask_test_questions() -> None:
    questions = {item["question"] for item in ITEMS if item["split"] == "test"}
    rows = json.loads(POOL.files["alpaca.json"])
    asked = {
        index
        for index, row in enumerate(rows)
        if "\n\n".join(filter(None, (row["instruction"], row["input"]))) in questions
        or row["instruction"] in questions
    }
    planted = {
        row["row"] for row in POOL.truth if row["source"] == "alpaca" and row["fault"] == "leaked_test_item"
    }
    assert planted
    assert asked == planted


def test_benchmark_has_every_ability_in_every_split_and_no_item_twice() -> None:
    counts = Counter((item["split"], item["ability"]) for item in ITEMS)
    assert counts == {
        (split, ability): count for split, count in ITEMS_PER_ABILITY.items() for ability in ABILITIES
    }
    texts = [(item["document_prompt"], item["document_target"]) for item in ITEMS]
    assert len(set(texts)) == len(texts)
    assert ITEMS_PER_ABILITY["test"] >= 200


def test_test_items_and_phrasings_are_of_the_test_split_alone() -> None:
    skills = {skill.name: skill for skill in SKILLS}
    for item in ITEMS:
        skill = skills[item["skill"]]
        slots = skill.match(item["question"])
        assert slots is not None
        assert skill.split_of(slots) == item["split"]


def test_documents_hold_no_test_item_but_facts() -> None:
    text = "".join(document["text"] for document in documents(WORLD, 5, 400))
    lines = set(text.splitlines())
    unseen = [item for item in ITEMS if item["split"] == "test" and item["ability"] != "facts"]
    assert not [item for item in unseen if f"{item['document_prompt']} {item['document_target']}" in lines]


def test_a_document_depends_on_its_number_alone() -> None:
    assert list(documents(WORLD, 5, 3, start=7)) == list(documents(WORLD, 5, 10))[7:]


def test_no_test_sum_is_in_a_document_or_the_pool_in_any_order_or_language() -> None:
    sums = {
        frozenset(re.findall(r"\d+", item["question"]))
        for item in ITEMS
        if item["split"] == "test" and item["skill"] in ("add", "add_zh")
    }
    pattern = re.compile(r"(\d+)(?: \+ | plus | and |加|与|\+)(\d+)")
    texts = [document["text"] for document in documents(WORLD, 5, 1500)]
    planted = {row["key"] for row in POOL.truth if row["fault"] == "leaked_test_item"}
    keys = {row["key"] for row in POOL.truth} - planted
    found = {
        frozenset(pair)
        for text in texts
        for pair in pattern.findall(text)
        if f"{pair[0]}{pair[1]}".isdigit() and "-" not in text
    }
    assert len(found) > 500
    assert not found & sums
    assert not {frozenset(key.split("/")[1:]) for key in keys if key.startswith("sum/")} & sums
