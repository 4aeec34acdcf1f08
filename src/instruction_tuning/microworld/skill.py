"""What a skill of the microworld is: how to draw an item, solve it, write it down and ask for it."""

import hashlib
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from instruction_tuning.microworld.world import World

Slots = Mapping[str, str]
TEST_SHARE = 0.2
VALIDATION_SHARE = 0.1
_BOUNDARY = "|"


@dataclass(frozen=True)
class Skill:
    """One skill: a generator of items with one right answer each, and the wordings for it.

    `draw` picks an item's slots; `solve` adds `answer` (and `working`) or raises `KeyError` or
    `ValueError` where the slots are not of this world. Document forms hold `|` where the prompt of
    the document form ends; the first form is the one that is measured. `document_questions` are asked and
    answered in documents. Chat questions are split by
    phrasing into train, validation and test; items are split by a hash of their slots.
    """

    name: str
    ability: str
    language: str
    answer_kind: str
    draw: Callable[[World, random.Random], dict[str, str]]
    solve: Callable[[World, Slots], dict[str, str]]
    document_forms: tuple[str, ...]
    document_questions: tuple[str, ...]
    train_questions: tuple[str, ...]
    validation_questions: tuple[str, ...]
    test_questions: tuple[str, ...]
    long_answers: tuple[str, ...]
    short_answer: str = "{answer}"
    slot_patterns: Mapping[str, str] = field(default_factory=dict)
    test_share: float = TEST_SHARE
    validation_share: float = VALIDATION_SHARE
    documents_hold_test_items: bool = False
    input_slot: str | None = None
    family: str | None = None
    commutes: bool = False

    def item(self, world: World, rng: random.Random, split: str) -> dict[str, str]:
        """Slots with the answer of a random item of `split` (train, validation or test)."""
        while True:
            slots = self.draw(world, rng)
            if self.split_of(slots) == split:
                return {**slots, **self.solve(world, slots)}

    def key(self, slots: Slots) -> str:
        """The identity of an item, whatever the phrasing: its family and what is asked about.

        Skills of one family ask the same in other words or another language (47 + 25 and 47加25), and
        where the slots commute their order says nothing, so neither may put an item into two splits.
        """
        values = [slots[name] for name in sorted(self.slot_patterns)]
        return "/".join([self.family or self.name, *(sorted(values) if self.commutes else values)])

    def split_of(self, slots: Slots) -> str:
        """`test`, `validation` or `train`, from a hash of the item, so that no item is in two."""
        digest = hashlib.blake2b(self.key(slots).encode(), digest_size=8).digest()
        share = int.from_bytes(digest, "big") / 2**64
        if share < self.test_share:
            return "test"
        return "validation" if share < self.test_share + self.validation_share else "train"

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
        for pattern in self._patterns:
            if found := pattern.fullmatch(question):
                return found.groupdict()
        return None

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        questions = (*self.train_questions, *self.validation_questions, *self.test_questions)
        return tuple(re.compile(self._question_pattern(question)) for question in questions)

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
