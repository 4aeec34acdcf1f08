"""What there is to look for of each item: how it is compared, and by which tokens."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from instruction_tuning.decontamination.items import EvaluationItem
from instruction_tuning.decontamination.rules import NgramRules
from instruction_tuning.decontamination.templates import template_masks
from instruction_tuning.decontamination.token_ids import Vocabulary
from instruction_tuning.text.tokens import Tokens, token_spans, tokens


class Kind(Enum):
    """How an item is looked for."""

    LONG = "by its n-grams"
    SHORT = "as a sentence"
    OPTIONS = "by stem and options"
    TOO_SHORT = "not at all"


@dataclass(frozen=True, slots=True)
class PreparedItem:
    """`stem` is the question, `core` the part of it between templates at its ends, `core_text` that part as
    text, `is_evidence` (T,) bool whether a token of the core is no template. `parts` are stem and options.

    `exact_text` is what a text must hold, too, where tokens do not tell the item from another one.
    """

    kind: Kind
    stem: Tokens
    parts: tuple[Tokens, ...]
    core: Tokens
    core_text: str
    is_evidence: np.ndarray
    exact_text: str | None


def prepare(items: Sequence[EvaluationItem], rules: NgramRules) -> list[PreparedItem]:
    """One prepared item each, in order."""
    stems = [tokens(item.question) for item in items]
    vocabulary = Vocabulary(stems)
    masks = template_masks(
        items,
        [vocabulary.encode(stem) for stem in stems],
        stems,
        ngram_tokens=rules.ngram_tokens,
        template_items=rules.template_items,
        templates=rules.templates,
    )
    alike: dict[tuple[str, Tokens], set[tuple[str, ...]]] = defaultdict(set)
    for item, stem in zip(items, stems, strict=True):
        alike[item.benchmark, stem].add((plain(item.question), *sorted(item.choices)))
    return [
        _prepared(item, stem, mask, rules, is_shared=len(alike[item.benchmark, stem]) > 1)
        for item, stem, mask in zip(items, stems, masks, strict=True)
    ]


def plain(text: str) -> str:
    """Case-folded, with single spaces."""
    return " ".join(text.casefold().split())


def _prepared(
    item: EvaluationItem, stem: Tokens, mask: np.ndarray, rules: NgramRules, *, is_shared: bool
) -> PreparedItem:
    parts = (stem, *(tokens(choice) for choice in item.choices))
    is_generic = len(stem) < rules.ngram_tokens or is_shared or bool(mask.all())
    if item.choices and is_generic:
        longest, total = max(map(len, parts)), sum(map(len, parts))
        enough = longest >= rules.min_item_tokens and total >= rules.ngram_tokens
        kind = Kind.OPTIONS if enough else Kind.TOO_SHORT
    elif len(stem) >= rules.ngram_tokens:
        kind = Kind.LONG
    else:
        kind = Kind.SHORT if len(stem) >= rules.min_item_tokens else Kind.TOO_SHORT
    start, end = _core(mask, rules.ngram_tokens)
    return PreparedItem(
        kind=kind,
        stem=stem,
        parts=parts,
        core=stem[start:end],
        core_text=item.question if end - start == len(stem) else _piece(item.question, start, end),
        is_evidence=~mask[start:end],
        exact_text=plain(item.question) if is_shared and not item.choices else None,
    )


def _core(mask: np.ndarray, least: int) -> tuple[int, int]:
    """Without the templates at both ends, where so many tokens are left."""
    evidence = np.flatnonzero(~mask)
    if len(evidence) and evidence[-1] + 1 - evidence[0] >= least:
        return int(evidence[0]), int(evidence[-1]) + 1
    return 0, len(mask)


def _piece(text: str, start: int, end: int) -> str:
    spans = token_spans(text)
    return text[spans[start][1] : spans[end - 1][2]]
