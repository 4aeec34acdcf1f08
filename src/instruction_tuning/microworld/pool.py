"""The raw instruction pool of the microworld: three files in three formats, with the faults of real pools.

Each record carries its truth (skill, use case, item, right answer, planted fault) in a list of its own, which
no pipeline reads; tests hold the pipelines' decisions against it.
"""

import random
from dataclasses import dataclass, replace
from typing import Any

from instruction_tuning.microworld import dialogue
from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.mistakes import mistaken
from instruction_tuning.microworld.pool_formats import PoolRow, alpaca_file, belle_file, sharegpt_file
from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills import REPORTED_SKILLS, SKILLS
from instruction_tuning.microworld.skills.facts import split_of_fact
from instruction_tuning.microworld.world import World
from instruction_tuning.seeds import substream

RECORDS = {"alpaca": 2_900, "sharegpt": 1_300, "belle": 1_300}
# A long tail: each skill is this much rarer than the one before it.
TAIL_RATIO = 0.92
TAIL_ORDER = (
    "extract", "fact", "to_velan", "reverse", "add", "passage", "sentence", "names", "largest", "summary",
    "past", "story", "subtract", "mood", "from_velan", "sort", "kind", "run_code", "chain", "describe",
    "last_letter", "home_fact", "order", "write_code", "total", "capitals", "parity",
    "formal", "sentence_of_length", "first_letter", "initial", "passive", "smallest",
)  # fmt: skip
CHINESE_TAIL_ORDER = (
    "fact_zh", "to_chinese", "add_zh", "extract_zh", "passage_zh", "sentence_zh", "mood_zh", "names_zh",
    "summary_zh", "from_chinese", "passive_zh", "story_zh", "kind_zh", "chain_zh", "subtract_zh",
    "describe_zh", "write_code_zh", "negative_zh", "home_fact_zh", "parity_zh",
)  # fmt: skip
WITHHELD_SHARE, UNKNOWN_SHARE = 0.03, 0.015
# Conversations of several turns: the last question refers to what came before, or to nothing of it.
FOLLOW_UP_SHARE, OTHER_TURN_SHARE = 0.3, 0.15
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
_SKILLS = {skill.name: skill for skill in (*SKILLS, *REPORTED_SKILLS)}


@dataclass(frozen=True)
class Pool:
    """File names with their bytes, and the truth about every row of every file."""

    files: dict[str, bytes]
    truth: list[dict[str, Any]]


def raw_pool(world: World, seed: int) -> Pool:
    """The pool of `seed`: `alpaca.json`, `sharegpt.jsonl`, `belle.jsonl` and the truth about each row."""
    leaks = [item for item in benchmark_items(world, seed) if item["split"] == "test" and item["counted"]]
    rows = {
        name: _Drawn(world, substream(seed, "pool", name), name, leaks).rows(count)
        for name, count in RECORDS.items()
    }
    files = {
        "alpaca.json": alpaca_file(rows["alpaca"]),
        "sharegpt.jsonl": sharegpt_file(rows["sharegpt"]),
        "belle.jsonl": belle_file(rows["belle"]),
    }
    truth = [
        {"source": name, "row": index, **row.truth}
        for name, of_file in rows.items()
        for index, row in enumerate(of_file)
    ]
    return Pool(files, truth)


class _Drawn:
    """Draws the rows of one file."""

    def __init__(self, world: World, rng: random.Random, name: str, leaks: list[dict[str, Any]]) -> None:
        self.world, self.rng, self.name = world, rng, name
        self.order = CHINESE_TAIL_ORDER if name == "belle" else TAIL_ORDER
        self.weights = [TAIL_RATIO**rank for rank in range(len(self.order))]
        self.leaks = [item for item in leaks if item["skill"] in self.order]
        self.shares = {
            fault: share
            for fault, share in FAULT_SHARES.items()
            if name != "alpaca" or fault != "broken_json"
        }

    def rows(self, count: int) -> list[PoolRow]:
        rows: list[PoolRow] = []
        while len(rows) < count:
            kinds = ("none", *self.shares)
            fault = self.rng.choices(kinds, weights=(1 - sum(self.shares.values()), *self.shares.values()))[0]
            sound = [row for row in rows[-400:] if row.truth["fault"] == "none"]
            if fault not in ("exact_duplicate", "near_duplicate"):
                rows.append(self._leaked() if fault == "leaked_test_item" else self._row(fault))
            elif sound:
                rows.append(_duplicate(self.rng, self.rng.choice(sound), fault))
        self.rng.shuffle(rows)
        return rows

    def _leaked(self) -> PoolRow:
        leak = self.rng.choice(self.leaks)
        skill = _SKILLS[leak["skill"]]
        asked = skill.match(leak["question"]) or {}
        slots = {**asked, **skill.solve(self.world, asked)}
        return self._filled(skill, slots, leak["question"], "leaked_test_item", ())

    def _row(self, fault: str) -> PoolRow:
        if self.name == "sharegpt" and self.rng.random() < FOLLOW_UP_SHARE:
            turns = dialogue.conversation(self.world, self.rng, "train")
            before = tuple((turn.question, turn.answer) for turn in turns[:-1])
            last = turns[-1]
            row = self._filled(last.skill, last.slots, last.question, fault, before)
            told = {"skill": "dialogue", "key": dialogue.key(turns)}
            return replace(row, input="", truth={**row.truth, **told})
        skill = self._skill()
        slots = _train_item(self.world, self.rng, skill)
        question = self.rng.choice(skill.train_questions).format(**slots)
        return self._filled(skill, slots, question, fault, self._other_turns(skill))

    def _skill(self) -> Skill:
        share = self.rng.random()
        language = "zh" if self.name == "belle" else "en"
        group = (
            "withheld_taught"
            if share < WITHHELD_SHARE
            else "unknown_places"
            if share < WITHHELD_SHARE + UNKNOWN_SHARE
            else None
        )
        if group is None:
            return _SKILLS[self.rng.choices(self.order, weights=self.weights)[0]]
        return next(
            skill for skill in REPORTED_SKILLS if skill.reported_as == group and skill.language == language
        )

    def _other_turns(self, skill: Skill) -> tuple[tuple[str, str], ...]:
        """For some conversations, a question and its right answer that came before."""
        if self.name != "sharegpt" or self.rng.random() >= OTHER_TURN_SHARE:
            return ()
        slots = _train_item(self.world, self.rng, skill)
        question = self.rng.choice(skill.train_questions).format(**slots)
        return ((question, skill.short_answer.format(**slots)),)

    def _filled(
        self,
        skill: Skill,
        slots: dict[str, str],
        question: str,
        fault: str,
        turns: tuple[tuple[str, str], ...],
    ) -> PoolRow:
        answers = (skill.short_answer, self.rng.choice(skill.long_answers))
        answer: Any = self.rng.choice(answers).format(**slots)
        if fault == "wrong_answer":
            answer = skill.short_answer.format(**mistaken(self.world, self.rng, skill, slots))
        elif fault == "empty_answer":
            answer = ""
        elif fault == "wrong_type":
            answer = self.rng.choice(_WRONG_VALUES)
        truth = {
            "fault": fault,
            "skill": skill.name,
            "use_case": skill.use_case,
            "key": skill.key(slots),
            "answer": slots["answer"],
            "difficulty": skill.difficulty(slots),
        }
        return PoolRow(question, slots[skill.input_slot] if skill.input_slot else "", answer, turns, truth)


def _train_item(world: World, rng: random.Random, skill: Skill) -> dict[str, str]:
    """A train item; where it rests on a fact, on one that is itself a train item."""
    while True:
        slots = skill.item(world, rng, "train")
        if skill.name in ("home_fact", "home_fact_zh"):
            split = split_of_fact(slots["working"], slots["relation"])
        else:
            split = split_of_fact(slots["place"], slots["relation"]) if skill.name == "initial" else "train"
        if split == "train":
            return slots


def _duplicate(rng: random.Random, row: PoolRow, fault: str) -> PoolRow:
    copy = replace(row, truth={**row.truth, "fault": fault})
    if fault == "near_duplicate":
        change = rng.choice((_spaced, _shouted, _tailed))
        copy = replace(copy, question=change(row.question))
    return copy


def _spaced(text: str) -> str:
    return text.replace(" ", "  ", 2) if " " in text else _tailed(text)


def _shouted(text: str) -> str:
    return f"{text[:-1]}!!" if text[-1] in ".?。？" else f"{text}!!"


def _tailed(text: str) -> str:
    return f"{text} ..."
