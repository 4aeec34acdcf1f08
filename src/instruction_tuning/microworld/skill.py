"""What a skill of the microworld is: how to draw an item, solve it, write it down and ask for it."""

import hashlib
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from instruction_tuning.microworld.world import World
from instruction_tuning.verification.answer_score import answer_score

Slots = Mapping[str, str]
Rubric = dict[str, Any]
TEST_SHARE = 0.2
VALIDATION_SHARE = 0.1
_BOUNDARY = "|"


def hashed_share(text: str) -> float:
    """A number in [0, 1) that is the same for `text` on every machine."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


@dataclass(frozen=True)
class Skill:
    """One skill: a generator of items whose answers a program can score, and the wordings for it.

    `draw` picks an item's slots; `solve` adds `answer` (and `working`) or raises `KeyError`, `IndexError` or
    `ValueError` where the slots are not of this world. Document forms hold `|` where the prompt of
    the document form ends; the first form is the one that is measured. `document_questions` are asked and
    answered in documents. Chat questions are split by phrasing into train, validation and test; items
    are split by a hash of what they are about (`identities`).

    `answer_kind` says how an answer is scored (verification/answer_score.py); `rubric` gives what the
    scorer needs beside the answer. `difficulty` counts the steps of an item, from 1. `reported_as` names
    the benchmark group of skills that are measured without counting for the verdict; `splits_items` is
    false where only phrasings tell the splits apart.
    """

    name: str
    use_case: str
    language: str
    draw: Callable[[World, random.Random], dict[str, str]]
    solve: Callable[[World, Slots], dict[str, str]]
    document_forms: tuple[str, ...]
    document_questions: tuple[str, ...]
    train_questions: tuple[str, ...]
    validation_questions: tuple[str, ...]
    test_questions: tuple[str, ...]
    long_answers: tuple[str, ...]
    answer_kind: str = "span"
    short_answer: str = "{answer}"
    slot_patterns: Mapping[str, str] = field(default_factory=dict)
    rubric: Callable[[World, Slots], Rubric] | None = None
    identities: Callable[[Slots], tuple[str, ...]] | None = None
    difficulty: Callable[[Slots], int] = lambda slots: 1
    test_share: float = TEST_SHARE
    validation_share: float = VALIDATION_SHARE
    documents_hold_test_items: bool = False
    splits_items: bool = True
    input_slot: str | None = None
    reported_as: str | None = None

    def item(self, world: World, rng: random.Random, split: str) -> dict[str, str]:
        """Slots with the answer of a random item of `split` (train, validation or test)."""
        while True:
            slots = self.draw(world, rng)
            slots = {**slots, **self.solve(world, slots)}
            if not self.splits_items or self.split_of(slots) == split:
                return slots

    def solved(self, world: World, slots: Slots) -> dict[str, str] | None:
        """`slots` with what `solve` adds, or None for a text of another kind, or of another world."""
        try:
            return {**slots, **self.solve(world, slots)}
        except (KeyError, ValueError, IndexError):
            return None

    def keys(self, slots: Slots) -> tuple[str, ...]:
        """What an item is about, whatever the phrasing: its own identity first, then that of its parts.

        47 + 25 and 47加25 are one sum, and so is 25 + 47; a story in which 25 come to 47 has it as a
        part. None of them may be in documents or pool where one of them is a test item.
        """
        if self.identities is not None:
            return self.identities(slots)
        return ("/".join([self.name, *(slots[name] for name in sorted(self.slot_patterns))]),)

    def key(self, slots: Slots) -> str:
        """The item's own identity."""
        return self.keys(slots)[0]

    def split_of(self, slots: Slots) -> str:
        """`test`, `validation` or `train`, from a hash of the item and its parts.

        An item with a test part is a test item, so that no part of one split shows in another's items.
        """
        lowest = min(hashed_share(key) for key in self.keys(slots))
        if lowest < self.test_share:
            return "test"
        return "validation" if lowest < self.test_share + self.validation_share else "train"

    def rubric_of(self, world: World, slots: Slots) -> Rubric:
        """What an answer to this item is scored by."""
        given = self.rubric(world, slots) if self.rubric else {}
        return {"kind": self.answer_kind, "answer": slots["answer"], **given}

    def score(self, world: World, slots: Slots, response: str) -> float:
        """How right `response` is, in [0, 1]."""
        return answer_score(response, self.rubric_of(world, slots))

    def questions(self, split: str) -> tuple[str, ...]:
        """The phrasings of `split`."""
        by_split = {
            "train": self.train_questions,
            "validation": self.validation_questions,
            "test": self.test_questions,
        }
        return by_split[split]

    def document_line(self, form: int) -> str:
        """The template of a document form, without the mark where its prompt ends."""
        return self.document_forms[form].replace(_BOUNDARY, "")

    def document_prompt_and_target(self, slots: Slots) -> tuple[str, str]:
        """The measured document form, cut where the model has to go on."""
        prompt, target = self.document_forms[0].split(_BOUNDARY)
        return prompt.format(**slots), target.format(**slots).strip()

    def match(self, question: str) -> dict[str, str] | None:
        """The slots that `question` fills in one of this skill's phrasings, or None."""
        for fixed, pattern in self._patterns:
            if fixed in question and (found := pattern.fullmatch(question)):
                return found.groupdict()
        return None

    @cached_property
    def _patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """The pattern of each phrasing, and its longest fixed part, which rules most questions out."""
        questions = (*self.train_questions, *self.validation_questions, *self.test_questions)
        return tuple(
            (max(re.split(r"\{\w+\}", question), key=len), re.compile(self._question_pattern(question)))
            for question in questions
        )

    def _question_pattern(self, question: str) -> str:
        pattern, seen = "", set()
        for part in re.split(r"(\{\w+\})", question):
            if not re.fullmatch(r"\{\w+\}", part):
                pattern += re.escape(part)
                continue
            slot = part[1:-1]
            pattern += f"(?P={slot})" if slot in seen else f"(?P<{slot}>{self.slot_patterns[slot]})"
            seen.add(slot)
        return pattern
