"""Items that are looked for as a whole: questions shorter than an n-gram, and options of a multiple choice.

A short question must be a sentence of its own: "What is a prime number" stands in "What is a prime
number between 8 and 12?" and is another question there. A generic stem ("Which of these is true?") is
no item without its options, and options are an item in any order.
"""

import re
from collections.abc import Sequence

from instruction_tuning.decontamination.templates import occurrences
from instruction_tuning.text.tokens import Tokens, token_spans

_BOUNDARY = re.compile('[.?!:;\n"“”「」『』。？！：；]')


def is_sentence_of(text: str, question: Tokens) -> bool:
    """Whether `question` stands in `text` between sentence ends, colons, quotes, line breaks or the text's
    ends."""
    spans = token_spans(text)
    sequence = tuple(token for token, *_ in spans)
    for start in occurrences(sequence, question):
        end = start + len(question)
        before = text[spans[start - 1][2] : spans[start][1]] if start else "\n"
        after = text[spans[end - 1][2] : spans[end][1]] if end < len(spans) else "\n"
        if _BOUNDARY.search(before) and _BOUNDARY.search(after):
            return True
    return False


def holds_parts(sequence: Tokens, parts: Sequence[Tokens]) -> bool:
    """Whether `sequence` holds every part, in any order and none on another; longer ones look first."""
    free = list(sequence)
    for part in sorted(parts, key=len, reverse=True):
        places = occurrences(free, list(part))
        if not places:
            return False
        free[places[0] : places[0] + len(part)] = [""] * len(part)
    return True
