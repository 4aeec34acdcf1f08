"""Texts of a pool that are, or hold, a benchmark's question: n-gram overlap.

GPT-3's rule (2005.14165, appendix C) on turns instead of web pages: lower case, no punctuation, shared
n-grams of words. Each item has one of three ways to be found:

* at least `ngram_tokens` tokens: the text holds all of it, or `min_overlap_share` of its n-grams and its
  content: no number missing, the numbers in order, at most `max_missing_share` of the other content tokens
  missing and never more than `max_missing_tokens`, which another question about the same passage has;
* shorter, but at least `min_item_tokens`: the text is the question, or has it as a sentence of its own;
* a multiple choice whose stem is short, shared with another item or all template: stem and all options,
  in any order (`whole_items.py`).

What many items of the benchmark share is no evidence (`templates.py`), nor is an n-gram that stands in more
than `template_records` records of the pool, unless the text holds the whole item.

Two passes over the texts: the first counts the items' n-grams, the second, over texts with any, counts the
evidence for each item. Only pairs with enough of it are compared token by token. O(tokens of the texts).

Departures: n is 8 (GPT-3: 13), since questions are short; Chinese is cut into characters; operators are
tokens. One shared n-gram is not enough, because benchmarks made from templates share long wording with honest
training records, and only the operands make the item. Paraphrases and translations are not found.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

import numpy as np

from instruction_tuning.decontamination.gram_index import GramIndex
from instruction_tuning.decontamination.items import (
    EQUALS,
    HOLDS_SHORT,
    OVERLAPS,
    SAME_OPTIONS,
    EvaluationItem,
    Findings,
    Match,
    PoolTexts,
)
from instruction_tuning.decontamination.operands import operand_matches
from instruction_tuning.decontamination.prepared_items import Kind, PreparedItem, plain, prepare
from instruction_tuning.decontamination.rules import NgramRules
from instruction_tuning.decontamination.templates import occurrences
from instruction_tuning.decontamination.token_ids import Vocabulary, chunks
from instruction_tuning.decontamination.whole_items import holds_parts, is_sentence_of
from instruction_tuning.text.tokens import Tokens, content_tokens, numbers, tokens

Candidate = tuple[int, int, float]  # text, item, share of the item's evidence


def ngram_matches(texts: PoolTexts, items: Sequence[EvaluationItem], rules: NgramRules) -> Findings:
    """Every pair of a text and an item that it holds, by text and item."""
    prepared = prepare(items, rules)
    found = {
        (text, item): Match(text, item, rule, share)
        for text, group in groupby(_candidates(texts, prepared, rules), key=itemgetter(0))
        for item, rule, share in _held(texts.texts[text], group, prepared, rules)
    }
    by_operands = operand_matches(texts, items)
    for match in by_operands.matches:
        found.setdefault((match.text, match.item), match)
    too_short = {number for number, item in enumerate(prepared) if item.kind is Kind.TOO_SHORT}
    return Findings([found[pair] for pair in sorted(found)], frozenset(too_short - by_operands.comparable))


def _candidates(texts: PoolTexts, prepared: Sequence[PreparedItem], rules: NgramRules) -> Iterator[Candidate]:
    """Pairs that share so many n-grams that a comparison is worth it, by text."""
    vocabulary = Vocabulary([part for item in prepared for part in item.parts])
    index = GramIndex(prepared, vocabulary, rules)
    has_any = np.zeros(len(texts.texts), bool)
    for chunk in chunks(texts.texts, texts.records, vocabulary):
        has_any[chunk.first + index.count(chunk, texts.records)] = True
    index.settle()
    worth = np.flatnonzero(has_any)
    some = [texts.texts[text] for text in worth]
    for chunk in chunks(some, texts.records[worth], vocabulary):
        for text, item, share in index.candidates(chunk):
            yield int(worth[chunk.first + text]), item, share


def _held(
    text: str, candidates: Iterator[Candidate], prepared: Sequence[PreparedItem], rules: NgramRules
) -> Iterator[tuple[int, str, float]]:
    """The items among `candidates` that `text` does hold, with rule and share."""
    sequence = tokens(text)
    for _, number, share in candidates:
        item = prepared[number]
        rule = _rule(text, sequence, item, share, rules)
        if rule and (item.exact_text is None or item.exact_text in plain(text)):
            yield number, rule, share if rule == OVERLAPS else 1.0


def _rule(text: str, sequence: Tokens, item: PreparedItem, share: float, rules: NgramRules) -> str | None:
    if item.kind is Kind.OPTIONS:
        return SAME_OPTIONS if holds_parts(sequence, item.parts) else None
    if sequence == item.stem:
        return EQUALS
    if item.kind is Kind.SHORT:
        return HOLDS_SHORT if is_sentence_of(text, item.stem) else None
    if occurrences(sequence, item.core):
        return OVERLAPS
    enough = share >= rules.min_overlap_share - 1e-9
    return OVERLAPS if enough and holds_content(text, item.core_text, rules) else None


def holds_content(text: str, question: str, rules: NgramRules) -> bool:
    """Whether `text` has the question's numbers, in order, and nearly all of its other content tokens."""
    wanted, present = content_tokens(question), content_tokens(text)
    rest = iter(numbers(present))
    if not all(number in rest for number in numbers(wanted)):
        return False
    missing = Counter(wanted) - Counter(present)
    may_miss = math.floor(rules.max_missing_share * len(wanted) + 1e-9)
    return missing.total() <= min(may_miss, rules.max_missing_tokens)
