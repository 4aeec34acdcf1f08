"""Pool prompts that are, or hold, a benchmark's test question: n-gram overlap.

GPT-3's rule (2005.14165, appendix C) on prompts instead of web pages: lower case, no punctuation, shared
n-grams of words. A prompt is contaminated by a question when

* its tokens equal the question's (any length), or
* the question has at least `ngram_tokens` tokens, the prompt holds at least `min_overlap_share` of the
  question's n-grams, and all of the question's content: no number missing, the numbers in the same order,
  and at most `max_missing_share` of the other content tokens missing.

The index holds only the rarest n-grams of each question, as many as it can miss and one more (prefix
filtering), so that the wording which a thousand questions share is not looked up. O(tokens of the prompts +
candidate pairs x length).

Departures: n is 8 (GPT-3: 13), since questions are short; Chinese is cut into characters; operators are
tokens. One shared n-gram is not enough and content must be there, because benchmarks made from templates
share long wording with honest training records ("What is the sum of 47 and 25?", "... of 48 and 25?") and
only the operands make the item. Paraphrases are not found.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from instruction_tuning.text.tokens import Tokens, content_tokens, numbers, tokens


@dataclass(frozen=True, slots=True)
class Leak:
    """The test item that a prompt leaks; `overlap_share` is 1.0 for equal texts."""

    item_id: str
    reason: str  # equals_test_item or overlaps_test_item
    overlap_share: float
    question: str


@dataclass(frozen=True, slots=True)
class _Question:
    item_id: str
    text: str
    grams: frozenset[Tokens]


def benchmark_leaks(
    prompts: Sequence[Sequence[str]],
    questions: Sequence[str],
    item_ids: Sequence[str],
    *,
    ngram_tokens: int = 8,
    min_overlap_share: float = 0.8,
    max_missing_share: float = 0.05,
) -> dict[int, Leak]:
    """Position of each contaminated record -> the test item it leaks.

    `prompts` gives every user turn of a record. Of several items the one with the largest overlap is named,
    then the one with the smallest id.
    """
    by_id = sorted(zip(item_ids, questions, strict=True))
    equal: dict[Tokens, tuple[str, str]] = {}
    known: list[_Question] = []
    for item_id, text in by_id:
        cut = tokens(text)
        if cut:
            equal.setdefault(cut, (item_id, text))
            known.append(_Question(item_id, text, _grams(cut, ngram_tokens)))
    index = _rarest_gram_index(known, min_overlap_share)
    leaks: dict[int, Leak] = {}
    for position, turns in enumerate(prompts):
        for turn in turns:
            cut = tokens(turn)
            leak: Leak | None = None
            if cut in equal:
                item_id, text = equal[cut]
                leak = Leak(item_id, "equals_test_item", 1.0, text)
            elif index:
                grams = _grams(cut, ngram_tokens)
                candidates = {found for gram in grams if gram in index for found in index[gram]}
                leak = _best_overlap(
                    turn, grams, [known[c] for c in sorted(candidates)], min_overlap_share, max_missing_share
                )
            if leak and (position not in leaks or leak.overlap_share > leaks[position].overlap_share):
                leaks[position] = leak
    return leaks


def _grams(sequence: Tokens, size: int) -> frozenset[Tokens]:
    return frozenset(sequence[start : start + size] for start in range(len(sequence) - size + 1))


def _rarest_gram_index(questions: Sequence[_Question], min_overlap_share: float) -> dict[Tokens, list[int]]:
    """The n-grams of which a contaminated prompt must hold one -> positions of the questions."""
    frequency = Counter(gram for question in questions for gram in question.grams)
    index: dict[Tokens, list[int]] = defaultdict(list)
    for position, question in enumerate(questions):
        can_miss = len(question.grams) - _needed(question, min_overlap_share)
        rarest = sorted(question.grams, key=lambda gram: (frequency[gram], gram))
        for gram in rarest[: can_miss + 1]:
            index[gram].append(position)
    return dict(index)


def _needed(question: _Question, min_overlap_share: float) -> int:
    return max(1, math.ceil(min_overlap_share * len(question.grams) - 1e-9))


def _best_overlap(
    prompt: str,
    grams: frozenset[Tokens],
    candidates: Sequence[_Question],
    min_overlap_share: float,
    max_missing_share: float,
) -> Leak | None:
    best: Leak | None = None
    for question in candidates:
        shared = len(grams & question.grams)
        share = shared / len(question.grams)
        if shared < _needed(question, min_overlap_share) or (best and share <= best.overlap_share):
            continue
        if holds_content(prompt, question.text, max_missing_share):
            best = Leak(question.item_id, "overlaps_test_item", share, question.text)
    return best


def holds_content(prompt: str, question: str, max_missing_share: float) -> bool:
    """Whether `prompt` has the question's numbers, in order, and nearly all of its other content tokens."""
    wanted, present = content_tokens(question), content_tokens(prompt)
    rest = iter(numbers(present))
    if not all(number in rest for number in numbers(wanted)):
        return False
    missing = Counter(wanted) - Counter(present)
    return missing.total() <= max_missing_share * len(wanted)
