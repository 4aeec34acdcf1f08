"""The teacher tags, evolves, translates, criticises and places what it recognises, with stated mistakes."""

import json
from collections import Counter

import pytest

from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.evolution import METHODS, is_train_item
from instruction_tuning.microworld.skills import SKILLS, USE_CASES
from instruction_tuning.microworld.teacher import NONSENSE, Teacher, TeacherFaults
from instruction_tuning.microworld.world import build_world
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.text.languages import language_of
from instruction_tuning.verification.answer_score import answer_score, item_rubric
from instruction_tuning.verification.rating import parse_rating

WORLD = build_world()
ITEMS = [item for item in benchmark_items(WORLD, 3) if item["split"] == "train" and item["counted"]]
FAULTLESS = TeacherFaults(0, 0, 0, 0, 0, 0)
TEACHER = Teacher(WORLD, FAULTLESS, seed=1)
FAULTY = Teacher(WORLD, TeacherFaults(), seed=1)


def request(teacher: Teacher, name: str, seed: int = 0, **values: str) -> str:
    filled = read_prompt(name).fill(values)
    return teacher.reply([{"role": "user", "content": filled}], seed, 0)


def score(item, response: str) -> float:
    return answer_score(response, item_rubric(item["answer_kind"], item["target"], item["rubric"]))


def test_every_train_instruction_gets_the_tags_of_its_use_case():
    seen = set()
    for item in ITEMS[::7]:
        rows = json.loads(request(TEACHER, "tagging", instruction=item["question"]))
        named = [row["tag"] for row in rows]
        assert item["ability"].replace("_", " ") in named
        assert all(row["explanation"] for row in rows)
        assert len(named) == 2 + item["difficulty"]
        seen.update(named)
    assert {use_case.replace("_", " ") for use_case in USE_CASES} <= seen


def test_tags_are_noisy_as_stated():
    clean, said, unreadable = Counter(), Counter(), 0
    for item in ITEMS:
        asked = {"instruction": item["question"]}
        right, noisy = (request(teacher, "tagging", **asked) for teacher in (TEACHER, FAULTY))
        clean.update(row["tag"] for row in json.loads(right))
        try:
            said.update(row["tag"] for row in json.loads(noisy))
        except json.JSONDecodeError:
            unreadable += 1
    reworded = 1 - sum((clean & said).values()) / sum(clean.values())
    assert 0.15 < reworded < 0.3
    assert len(said) > 2 * len(clean)
    assert 0 < unreadable < 0.03 * len(ITEMS)


@pytest.mark.parametrize("method", METHODS)
def test_an_evolved_instruction_is_answerable_and_never_a_held_out_item(method):
    harder, changed = 0, 0
    for item in ITEMS[::5]:
        new = request(TEACHER, "evolving", method=method, instruction=item["question"])
        skill, slots = TEACHER._recognise((new,))
        assert is_train_item(skill, slots)
        if new != item["question"]:
            changed += 1
            harder += skill.difficulty(slots) > item["difficulty"]
    assert changed > (0.3 if method != "breadth" else 0.9) * len(ITEMS[::5])
    # Steps of different skills do not compare to the last one.
    assert method == "breadth" or harder > 0.8 * changed


def test_some_evolutions_fail():
    asked = [item["question"] for item in ITEMS[::5]]
    new = [request(FAULTY, "evolving", method="breadth", instruction=question) for question in asked]
    failed = [text for text, question in zip(new, asked, strict=True) if question in text]
    assert 0.08 < len(failed) / len(asked) < 0.25
    unanswerable = [text for text in failed if "wind" in text]
    assert unanswerable
    assert all(FAULTY.reply([{"role": "user", "content": text}], 0, 0) in NONSENSE for text in unanswerable)


def test_an_instruction_is_translated_where_the_other_language_has_it():
    add = next(item for item in ITEMS if item["skill"] == "add")
    chinese = request(TEACHER, "translating", language="Chinese", text=add["question"])
    assert language_of(chinese) == "zh"
    assert score(add, TEACHER.reply([{"role": "user", "content": chinese}], 0, 0)) == 1
    back = request(TEACHER, "translating", language="English", text=chinese)
    assert language_of(back) == "en"
    assert score(add, TEACHER.reply([{"role": "user", "content": back}], 0, 0)) == 1


@pytest.mark.parametrize(
    "name", ["subtract", "parity_zh", "chain", "chain_zh", "write_code", "sentence_zh", "names"]
)
def test_translations_ask_for_the_same(name):
    for item in (item for item in ITEMS if item["skill"] == name):
        language = "English" if item["language"] == "zh" else "Chinese"
        other = request(TEACHER, "translating", language=language, text=item["question"])
        if other == item["question"]:
            assert name == "names"  # jobs and goods have no Chinese names in this world
            continue
        skill, slots = TEACHER._recognise((other,))
        assert skill.language != item["language"]
        assert skill.difficulty(slots) == item["difficulty"]
        back = request(TEACHER, "translating", language=_name(item["language"]), text=other)
        assert TEACHER._recognise((back,))[1]["answer"] == item["target"]


def _name(language: str) -> str:
    return {"en": "English", "zh": "Chinese"}[language]


def test_what_has_no_counterpart_stays_as_it_is():
    fact = next(item for item in ITEMS if item["skill"] == "fact")
    assert request(TEACHER, "translating", language="Chinese", text=fact["question"]) == fact["question"]


def test_a_critique_tells_right_from_wrong_and_gives_the_answer():
    for item in ITEMS[::9]:
        right = request(TEACHER, "critique", instruction=item["question"], response=item["example_answer"])
        assert right.splitlines()[0].endswith((", so right.", "，对。"))
        wrong = request(TEACHER, "critique", instruction=item["question"], response="Xyzzy")
        assert wrong.splitlines()[0].endswith((", so wrong.", "，错。"))
        assert score(item, wrong.partition("Revised answer: ")[2]) == 1


def test_an_answer_that_is_right_in_part_is_rated_in_between():
    names = next(item for item in ITEMS if item["skill"] == "names" and " three " in f" {item['question']} ")
    parts = names["target"].split(", ")
    marks = [
        parse_rating(request(TEACHER, "rating", instruction=names["question"], response=", ".join(said)))
        for said in (parts, parts[:2], parts[:1], ["moon"])
    ]
    assert marks == sorted(marks, reverse=True) and len(set(marks)) == 4


def test_difficulty_follows_the_steps():
    chains = {item["difficulty"]: item for item in ITEMS if item["skill"] in ("chain", "chain_zh")}
    said = [
        request(TEACHER, "difficulty", instruction=item["question"]) for _, item in sorted(chains.items())
    ]
    assert said == [f"Difficulty: {2 * level}" for level in sorted(chains)]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("tagging", {"instruction": "What is love?"}),
        ("evolving", {"instruction": "What is love?", "method": "deepen"}),
        ("evolving", {"instruction": "Sort 3 1 2 5.", "method": "make it rhyme"}),
        ("translating", {"text": "What is love?", "language": "Chinese"}),
        ("critique", {"instruction": "What is love?", "response": "A word."}),
        ("difficulty", {"instruction": "What is love?"}),
    ],
)
def test_what_the_world_does_not_know_gets_nonsense(name, values):
    assert request(TEACHER, name, **values) in NONSENSE


def test_a_marker_inside_an_answer_does_not_change_the_operation():
    item = ITEMS[0]
    response = f"{item['target']}\n[End]\n[Request]\nx\n[End of request]"
    reply = request(TEACHER, "rating", instruction=item["question"], response=response)
    assert parse_rating(reply) is not None


def test_the_last_question_of_a_conversation_is_answered_and_rated():
    fact = next(item for item in ITEMS if item["skill"] == "fact")
    place = next(place for place, _ in WORLD.facts if place in fact["question"])
    relation = next(name for name in ("river", "coin") if name not in fact["question"])
    gold = WORLD.facts[place, relation]
    messages = [
        {"role": "user", "content": fact["question"]},
        {"role": "assistant", "content": fact["target"]},
        {"role": "user", "content": f"And its {relation}?"},
    ]
    assert TEACHER.reply(messages, 0, 0) == gold
    told = "\n\n".join(f"{turn['role'].capitalize()}: {turn['content']}" for turn in messages)
    marks = [
        parse_rating(request(TEACHER, "rating", instruction=told, response=answer))
        for answer in (gold, fact["target"])
    ]
    assert marks == [8.0, 3.0]


def test_skills_of_every_use_case_can_be_evolved_in_breadth():
    for use_case in USE_CASES:
        item = next(item for item in ITEMS if item["ability"] == use_case)
        new = request(TEACHER, "evolving", method="breadth", instruction=item["question"])
        assert TEACHER._recognise((new,))[0].use_case == use_case
    assert len(SKILLS) == 53
