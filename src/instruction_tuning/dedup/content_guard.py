"""When two prompts ask for the same: the guard around MinHash for short and templated texts.

Only content tokens count (`text.tokens`: no politeness, articles, case or punctuation). Paragraph by
paragraph, one text must contain the other in order and add at most `max_inserted_share` of its tokens, no
number and no negation. So a replaced word always means another request: an operand, a quoted string, an
invented name, "translate" for "summarise"; and at the default of 0.05 a paragraph under 20 tokens must have
equal content, so that "Summarise this" and "Summarise this in French" over the same long passage stay two.
A spelling mistake in one copy goes unfound.
"""

import math
import re
from collections.abc import Hashable

from instruction_tuning.text.tokens import Tokens, content_tokens, negations, numbers

Paragraphs = tuple[Tokens, ...]
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")


def paragraphs_of(text: str) -> Paragraphs:
    """The content tokens of each paragraph that has any."""
    cut = (content_tokens(paragraph) for paragraph in _BLANK_LINES.split(text))
    return tuple(paragraph for paragraph in cut if paragraph)


def bucket_of(paragraphs: Paragraphs, max_inserted_share: float) -> Hashable | None:
    """What two texts must have in common to be duplicates without being equal; None: they would have to be
    equal.

    That is every paragraph too short for an addition, and all numbers and negations.
    """
    long_from = _long_from(max_inserted_share)
    if all(len(paragraph) < long_from for paragraph in paragraphs):
        return None
    fixed = tuple(paragraph if len(paragraph) < long_from else None for paragraph in paragraphs)
    exact = tuple((numbers(paragraph), negations(paragraph)) for paragraph in paragraphs)
    return fixed, exact


def adds_little(left: Paragraphs, right: Paragraphs, max_inserted_share: float) -> bool:
    """Whether, of two texts in one bucket, each paragraph of one is contained in that of the other or
    contains it."""
    return all(
        one == other or _contains(one, other, max_inserted_share)
        for one, other in zip(left, right, strict=True)
    )


def _contains(one: Tokens, other: Tokens, max_inserted_share: float) -> bool:
    shorter, longer = (one, other) if len(one) < len(other) else (other, one)
    inserted = len(longer) - len(shorter)
    if inserted == 0 or inserted > max_inserted_share * len(longer):
        return False
    rest = iter(longer)
    return all(token in rest for token in shorter)


def _long_from(max_inserted_share: float) -> float:
    """The fewest tokens with which a paragraph can be contained in another that is not equal to it."""
    return math.ceil(1 / max_inserted_share) - 1 if max_inserted_share > 0 else math.inf
