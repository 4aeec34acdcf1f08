"""The teacher scores versions side by side, as the joint prompts of selection/ladders ask."""

from collections import Counter

import pytest

from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.comparisons import read_comparison
from instruction_tuning.microworld.teacher import Teacher, TeacherFaults
from instruction_tuning.microworld.world import build_world
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.selection.ladders.joint_scoring import parse_joint_scores

WORLD = build_world()
ITEMS = [item for item in benchmark_items(WORLD, 3) if item["split"] == "train" and item["counted"]]
TEACHER = Teacher(WORLD, TeacherFaults(0, 0, 0, 0, 0, 0), seed=1)


def ask(teacher: Teacher, texts: list[str], instruction: str | None = None, seed: int = 0) -> str:
    versions = "\n".join(f"[Version {n}]\n{text}" for n, text in enumerate(texts, start=1))
    name = "joint_complexity" if instruction is None else "joint_quality"
    values = {"versions": versions} | ({} if instruction is None else {"instruction": instruction})
    return teacher.reply([{"role": "user", "content": read_prompt(name).fill(values)}], seed, 0)


def test_complexity_rises_with_the_steps() -> None:
    chains = {item["difficulty"]: item["question"] for item in ITEMS if item["skill"] == "chain"}
    levels = sorted(chains, reverse=True)
    assert len(levels) >= 3
    found = parse_joint_scores(ask(TEACHER, [chains[level] for level in levels]), len(levels))
    assert found == [round(1 + 5 * (level - 1) / 3) for level in levels]


def test_quality_follows_how_right_the_answer_is() -> None:
    names = next(item for item in ITEMS if item["skill"] == "names" and " three " in f" {item['question']} ")
    parts = names["target"].split(", ")
    said = ["moon", ", ".join(parts), ", ".join(parts[:2]), parts[0]]
    assert parse_joint_scores(ask(TEACHER, said, names["question"]), 4) == [1, 6, 4, 3]


def test_what_the_world_does_not_know_is_in_the_middle() -> None:
    assert parse_joint_scores(ask(TEACHER, ["What is love?", "Why?"]), 2) == [4, 4]
    assert parse_joint_scores(ask(TEACHER, ["A word."], "What is love?"), 1) == [4]


def test_scores_are_as_noisy_as_stated_and_some_are_missing() -> None:
    teacher = Teacher(WORLD, TeacherFaults(rating_noise=1.0, unparseable_rate=0.1), seed=1)
    story = next(item for item in ITEMS if item["skill"] == "total")
    assert story["difficulty"] == 3  # its centre is 4.3
    found = [
        score
        for seed in range(200)
        for score in parse_joint_scores(ask(teacher, [story["question"]] * 3, seed=seed), 3)
    ]
    counts = Counter(found)
    assert 0.06 < counts.pop(None) / 600 < 0.15
    assert set(counts) <= {2, 3, 4, 5, 6} and counts[4] + counts[5] > 0.75 * sum(counts.values())


def test_a_reply_follows_from_the_request_and_its_seed() -> None:
    teacher = Teacher(WORLD, TeacherFaults(), seed=1)
    texts = [item["question"] for item in ITEMS[:6]]
    replies = [ask(teacher, texts, seed=seed) for seed in range(20)]
    assert replies == [ask(teacher, texts, seed=seed) for seed in range(20)] and len(set(replies)) > 1


@pytest.mark.parametrize(
    ("listed", "versions"),
    [
        ("[Version 1]\na\n[Version 2]\nb\n\nc", ("a", "b\n\nc")),
        ("[Version 1]\na\n[Version 3]\nb", ("a\n[Version 3]\nb",)),
        ("[Version 1]\n\n[Version 2]\nb", ("", "b")),
        ("nothing of the kind", ()),
    ],
)
def test_versions_are_read_in_the_order_of_their_numbers(listed: str, versions: tuple[str, ...]) -> None:
    comparison = read_comparison(read_prompt("joint_complexity").fill({"versions": listed}))
    assert comparison is not None
    assert comparison.versions == versions and comparison.instruction is None


def test_a_question_is_no_comparison() -> None:
    assert read_comparison(ITEMS[0]["question"]) is None
