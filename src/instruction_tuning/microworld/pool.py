"""The raw instruction pool of the microworld: three files in three formats, with the faults of real pools.

Each record carries its truth (skill, item, right answer, planted fault) in a list of its own, which no
pipeline reads; tests hold the pipelines' decisions against it.
"""

import json
import random
from dataclasses import dataclass
from typing import Any

from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.world import World
from instruction_tuning.seeds import substream

RECORDS = {"alpaca": 2_600, "sharegpt": 900, "belle": 900}
# A long tail: each skill is this much rarer than the one before it.
TAIL_RATIO = 0.8
TAIL_ORDER = (
    "extract", "fact", "to_velan", "reverse", "add", "largest", "subtract", "sort", "last_letter",
    "count_letter", "first_letter", "smallest",
)  # fmt: skip
CHINESE_TAIL_ORDER = ("fact_zh", "to_chinese", "add_zh")
FAULT_SHARES = {
    "exact_duplicate": 0.05,
    "near_duplicate": 0.05,
    "wrong_answer": 0.08,
    "empty_answer": 0.02,
    "wrong_type": 0.01,
    "broken_json": 0.01,
    "leaked_test_item": 0.015,
}
_WRONG_VALUES: tuple[Any, ...] = (True, 17, ["a", "list"])


@dataclass(frozen=True)
class Pool:
    """File names with their bytes, and the truth about every row of every file."""

    files: dict[str, bytes]
    truth: list[dict[str, Any]]


def raw_pool(world: World, seed: int) -> Pool:
    """The pool of `seed`: `alpaca.json`, `sharegpt.jsonl`, `belle.jsonl` and the truth about each row."""
    files: dict[str, bytes] = {}
    truth: list[dict[str, Any]] = []
    leaks = [item for item in benchmark_items(world, seed) if item["split"] == "test"]
    for name, count in RECORDS.items():
        rng = substream(seed, "pool", name)
        order = CHINESE_TAIL_ORDER if name == "belle" else TAIL_ORDER
        rows = _rows(world, rng, order, count, leaks, broken_lines=name != "alpaca")
        truth.extend({"source": name, "row": index, **row["truth"]} for index, row in enumerate(rows))
        if name == "alpaca":
            text = json.dumps([_alpaca(row) for row in rows], ensure_ascii=False, indent=1)
            files["alpaca.json"] = text.encode()
        else:
            write = _belle if name == "belle" else _sharegpt
            files[f"{name}.jsonl"] = "".join(_line(row, write) for row in rows).encode()
    return Pool(files, truth)


def _rows(
    world: World,
    rng: random.Random,
    order: tuple[str, ...],
    count: int,
    leaks: list[dict[str, str]],
    *,
    broken_lines: bool,
) -> list[dict[str, Any]]:
    skills = {skill.name: skill for skill in SKILLS}
    weights = [TAIL_RATIO**rank for rank in range(len(order))]
    shares = {fault: share for fault, share in FAULT_SHARES.items() if broken_lines or fault != "broken_json"}
    rows: list[dict[str, Any]] = []
    while len(rows) < count:
        fault = rng.choices(("none", *shares), weights=(1 - sum(shares.values()), *shares.values()))[0]
        sound = [row for row in rows[-400:] if row["truth"]["fault"] == "none"]
        if fault in ("exact_duplicate", "near_duplicate") and not sound:
            continue
        if fault in ("exact_duplicate", "near_duplicate"):
            rows.append(_duplicate(rng, rng.choice(sound), fault))
        elif fault == "leaked_test_item":
            leak = rng.choice([item for item in leaks if item["skill"] in order])
            skill = skills[leak["skill"]]
            slots = skill.match(leak["question"]) or {}
            slots = {**slots, **skill.solve(world, slots)}
            rows.append(_row(world, rng, skill, slots, leak["question"], fault))
        else:
            skill = skills[rng.choices(order, weights=weights)[0]]
            slots = skill.item(world, rng, "train")
            question = rng.choice(skill.train_questions).format(**slots)
            rows.append(_row(world, rng, skill, slots, question, fault))
    rng.shuffle(rows)
    return rows


def _row(
    world: World, rng: random.Random, skill: Skill, slots: dict[str, str], question: str, fault: str
) -> dict[str, Any]:
    answers = (skill.short_answer, rng.choice(skill.long_answers))
    answer: Any = rng.choice(answers).format(**slots)
    if fault == "wrong_answer":
        answer = _wrong_answer(world, rng, skill, slots)
    elif fault == "empty_answer":
        answer = ""
    elif fault == "wrong_type":
        answer = rng.choice(_WRONG_VALUES)
    return {
        "question": question,
        "input": slots[skill.input_slot] if skill.input_slot else "",
        "answer": answer,
        "skill": skill,
        "turns": _earlier_turn(world, rng, skill),
        "truth": {
            "fault": fault,
            "skill": skill.name,
            "ability": skill.ability,
            "key": skill.key(slots),
            "answer": slots["answer"],
        },
    }


def _earlier_turn(world: World, rng: random.Random, skill: Skill) -> list[tuple[str, str]]:
    """For one conversation in five, a question and its right answer that came before."""
    if rng.random() >= 0.2:
        return []
    slots = skill.item(world, rng, "train")
    return [(rng.choice(skill.train_questions).format(**slots), skill.short_answer.format(**slots))]


def _wrong_answer(world: World, rng: random.Random, skill: Skill, slots: dict[str, str]) -> str:
    while True:
        other = skill.item(world, rng, "train")
        if other["answer"] != slots["answer"]:
            return skill.short_answer.format(**slots | _result(other))


def _result(slots: dict[str, str]) -> dict[str, str]:
    return {name: slots[name] for name in ("working", "answer") if name in slots}


def _duplicate(rng: random.Random, row: dict[str, Any], fault: str) -> dict[str, Any]:
    copy = {**row, "truth": {**row["truth"], "fault": fault}}
    if fault == "near_duplicate":
        change = rng.choice((_spaced, _shouted, _tailed))
        copy["question"] = change(row["question"])
    return copy


def _spaced(text: str) -> str:
    return text.replace(" ", "  ", 2) if " " in text else _tailed(text)


def _shouted(text: str) -> str:
    return f"{text[:-1]}!!" if text[-1] in ".?。？" else f"{text}!!"


def _tailed(text: str) -> str:
    return f"{text} ..."


def _alpaca(row: dict[str, Any]) -> dict[str, Any]:
    instruction, given = row["question"], ""
    suffix = f"\n\n{row['input']}"
    if row["input"] and instruction.endswith(suffix):
        instruction, given = instruction.removesuffix(suffix), row["input"]
    return {"instruction": instruction, "input": given, "output": row["answer"]}


def _sharegpt(row: dict[str, Any]) -> dict[str, Any]:
    turns = [
        {"from": role, "value": text}
        for question, answer in row["turns"]
        for role, text in (("human", question), ("gpt", answer))
    ]
    last = [{"from": "human", "value": row["question"]}, {"from": "gpt", "value": row["answer"]}]
    return {"conversations": [*turns, *last]}


def _belle(row: dict[str, Any]) -> dict[str, Any]:
    return {"instruction": row["question"], "input": "", "output": row["answer"]}


def _line(row: dict[str, Any], write: Any) -> str:
    text = json.dumps(write(row), ensure_ascii=False)
    if row["truth"]["fault"] == "broken_json":
        text = text[: len(text) // 2]
    return f"{text}\n"
