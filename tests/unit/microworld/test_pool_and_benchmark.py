"""The raw pool has the faults that its truth says, and no test item leaks but those that are planted."""

import json
import re
from collections import Counter

from instruction_tuning.microworld.benchmark import (
    ITEMS_PER_ABILITY,
    REPORTED,
    REPORTED_ITEMS,
    benchmark_items,
)
from instruction_tuning.microworld.pool import FAULT_SHARES, RECORDS, raw_pool
from instruction_tuning.microworld.skills import SKILLS, USE_CASES
from instruction_tuning.microworld.teacher import Teacher, TeacherFaults
from instruction_tuning.microworld.web import web_documents
from instruction_tuning.microworld.world import build_world
from instruction_tuning.verification.answer_score import answer_score

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


def test_skills_have_a_long_tail_and_none_is_missing() -> None:
    counts = Counter(row["skill"] for row in POOL.truth if row["source"] == "alpaca")
    assert counts.most_common(1)[0][1] > 8 * min(counts.values())
    asked = {row["skill"] for row in POOL.truth}
    assert asked >= {skill.name for skill in SKILLS}
    assert {row["use_case"] for row in POOL.truth} == set(USE_CASES)


def test_withheld_facts_that_are_not_taught_are_nowhere_in_the_pool() -> None:
    text = "\n".join(content.decode() for content in POOL.files.values())
    taught = {WORLD.facts[fact] for fact in WORLD.taught if fact in WORLD.facts}
    untaught = {WORLD.facts[fact] for fact in WORLD.withheld - WORLD.taught if fact in WORLD.facts}
    words = set(re.findall(r"[A-Z][a-z]+", text))
    assert not untaught & words
    assert len(taught & words) > 0.9 * len(taught)


def test_some_conversations_refer_back_and_the_teacher_follows_them() -> None:
    rows = [
        (json.loads(line)["conversations"], truth)
        for line, truth in zip(
            POOL.files["sharegpt.jsonl"].decode().splitlines(),
            (row for row in POOL.truth if row["source"] == "sharegpt"),
            strict=True,
        )
        if truth["skill"] == "dialogue" and truth["fault"] == "none"
    ]
    assert len(rows) > 200
    assert {len(turns) for turns, _ in rows} == {4, 6}
    teacher = Teacher(WORLD, TeacherFaults(error_rate=0, verbosity=0), seed=1)
    for turns, truth in rows:
        roles = {"human": "user", "gpt": "assistant"}
        messages = [{"role": roles[turn["from"]], "content": turn["value"]} for turn in turns[:-1]]
        assert teacher.reply(messages, 0, 0).rstrip(".。").endswith(truth["answer"])


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


def test_benchmark_has_every_use_case_in_every_split_and_no_item_twice() -> None:
    counts = Counter((item["split"], item["ability"]) for item in ITEMS if item["counted"])
    assert counts == {
        (split, use_case): count for split, count in ITEMS_PER_ABILITY.items() for use_case in USE_CASES
    }
    texts = [(item["document_prompt"], item["document_target"]) for item in ITEMS if item["counted"]]
    assert len(set(texts)) == len(texts)
    assert ITEMS_PER_ABILITY["test"] >= 240


def test_reported_groups_stand_beside_the_use_cases() -> None:
    counts = Counter((item["split"], item["ability"]) for item in ITEMS if not item["counted"])
    assert counts == {(split, group): count for split, count in REPORTED_ITEMS.items() for group in REPORTED}
    withheld = {item["target"] for item in ITEMS if item["ability"] == "withheld_untaught"}
    examples = {
        item["target"]
        for item in ITEMS
        if item["ability"] == "withheld_untaught" and item["split"] == "train"
    }
    known = {WORLD.facts[fact] for fact in WORLD.open_facts}
    assert not (withheld - examples) & known


def test_every_gold_text_scores_as_right_by_its_rubric() -> None:
    for item in ITEMS:
        rubric = {"kind": item["answer_kind"], "answer": item["target"], **json.loads(item["rubric"] or "{}")}
        for text in ("target", "example_answer", "document_target"):
            assert answer_score(item[text], rubric) == 1, item["item_id"]


def test_cot_items_have_a_scale_of_difficulty() -> None:
    scale = Counter(item["difficulty"] for item in ITEMS if item["ability"] == "cot")
    assert set(scale) == {1, 2, 3, 4}


def test_hidden_instructions_of_web_segments_are_train_items_and_are_not_written_on_the_page() -> None:
    pages, truth = web_documents(WORLD, 3, 40)
    texts = {page["document_id"]: page["text"] for page in pages}
    skills = {skill.name: skill for skill in SKILLS}
    answered = [row for row in truth if row["instruction"] is not None]
    assert 0.4 < len(answered) / len(truth) < 0.9
    for row in answered:
        page = texts[row["document_id"]]
        assert row["instruction"] not in page
        skill = skills[row["skill"]]
        assert row["answer"] in page[row["start"] : row["end"]]
        asked = skill.match(row["instruction"]) or {}
        assert skill.split_of({**asked, **skill.solve(WORLD, asked)}) == "train"


def test_items_and_phrasings_are_of_their_split_alone() -> None:
    skills = {skill.name: skill for skill in SKILLS}
    for item in (item for item in ITEMS if item["counted"]):
        skill = skills[item["skill"]]
        asked = skill.match(item["question"])
        assert asked is not None
        assert skill.split_of({**asked, **skill.solve(WORLD, asked)}) == item["split"]


def test_no_item_of_another_split_is_in_the_pool_but_those_that_leaked() -> None:
    held_out = {item_key(item) for item in ITEMS if item["counted"] and item["split"] != "train"}
    keys = {row["key"] for row in POOL.truth if row["fault"] != "leaked_test_item"}
    assert len(held_out) > 3_000
    assert not held_out & keys


def item_key(item) -> str:
    skill = next(skill for skill in SKILLS if skill.name == item["skill"])
    asked = skill.match(item["question"]) or {}
    return skill.key({**asked, **skill.solve(WORLD, asked)})
