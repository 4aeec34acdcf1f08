"""Items of evaluation sets, the texts of a pool that are searched for them, and what was found."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from instruction_tuning.schemas.contamination_report import BENCHMARK_SPLITS, CONTAMINATION_RULES

TEST, VALIDATION, TRAIN = BENCHMARK_SPLITS
# The rules of `ngram_overlap.py` from the surest to the least sure, then that of `token_share.py`.
EQUALS, OVERLAPS, HOLDS_SHORT, SAME_OPTIONS, SAME_OPERANDS, TOKEN_SHARE = CONTAMINATION_RULES


@dataclass(frozen=True, slots=True)
class EvaluationItem:
    """A question of a benchmark; `choices` are the options of a multiple choice, without their letters."""

    benchmark: str
    item_id: str
    split: str
    question: str
    choices: tuple[str, ...] = ()

    def text(self) -> str:
        """The question with its options, a line each."""
        return "\n".join((self.question, *self.choices))


@dataclass(frozen=True)
class PoolTexts:
    """The turns of a pool's records, by record: texts, and for each the position of its record, the
    position of the turn in it, and whether the assistant said it."""

    texts: list[str]
    records: np.ndarray  # (T,) int64, ascending
    turns: np.ndarray  # (T,) int32
    are_answers: np.ndarray  # (T,) bool


def pool_texts(conversations: Iterable[Iterable[dict[str, str]]], *, answers: bool) -> PoolTexts:
    """Every user turn, and with `answers` every assistant turn, of conversations of `role` and `content`."""
    rows = [
        (turn["content"], record, number, turn["role"] == "assistant")
        for record, turns in enumerate(conversations)
        for number, turn in enumerate(turns)
        if turn["role"] == "user" or (answers and turn["role"] == "assistant")
    ]
    return PoolTexts(
        [text for text, *_ in rows],
        np.fromiter((record for _, record, *_ in rows), np.int64, len(rows)),
        np.fromiter((number for *_, number, _ in rows), np.int32, len(rows)),
        np.fromiter((is_answer for *_, is_answer in rows), bool, len(rows)),
    )


@dataclass(frozen=True, slots=True)
class Match:
    """An item found in a text: positions of both, by which rule, and the share of it that was found."""

    text: int
    item: int
    rule: str
    share: float


@dataclass(frozen=True)
class Findings:
    """What a method found. `too_short`: positions of the items that it cannot look for.

    `item_shares` is the share of each item's tokens that all texts together hold (token_share only).
    """

    matches: list[Match]
    too_short: frozenset[int]
    item_shares: dict[int, float] = field(default_factory=dict)
