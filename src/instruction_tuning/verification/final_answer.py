"""Agreement among samples: self-consistency (Wang et al., 2203.11171).

agreement(i) = |{j : final(j) = final(i)}| / K, over the K responses to one query. The paper takes a
majority vote over final answers; here agreement only breaks ties between equal ratings. O(K) a query.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from instruction_tuning.verification.math_answer import LONGEST_RESPONSE, marked_answer_text
from instruction_tuning.verification.stated_quantities import final_quantity_of, quantity_of
from instruction_tuning.verification.statements import statements

_MOST_WORDS_OF_A_LAST_LINE = 8
# What follows the last of these is the answer proper: "The capital of Brond is Balit." → "balit".
_INTRODUCTION = re.compile(r".*(?:\b(?:is|are|reads)\b|[:：=是为])\s*(?=\S)", re.IGNORECASE | re.DOTALL)
_EDGES = " \t.。!！,，;；\"'“”‘’`*「」"
# From here on a text gives its reasons.
_REASONS = re.compile(
    r"^\W*(?:because|this is because|the reason|reason(?:ing)?|explanation|here['’]?s why"
    r"|因为|理由|解释|原因)",
    re.IGNORECASE | re.MULTILINE,
)
_LISTED = re.compile(r"\s*(?:[-*•]|\d+[.)、])\s")
_DIGIT = re.compile(r"\d")


def final_answer(response: str) -> str | None:
    """The answer that a text comes to, casefolded and bare, a number without its unit: the one it marks, else
    what its only line, or its last one, states. Null where several lines come to nothing clear.

    >>> final_answer("First, 3 boxes hold 4 apples each.\\nSo there are 3 * 4 = 12 apples.")
    '12'
    """
    text = unicodedata.normalize("NFKC", response[-LONGEST_RESPONSE:])
    if (marked := marked_answer_text(text)) is not None:
        return _number(marked) or _bare(marked)
    lines = [line for line in _without_reasons(text).splitlines() if line.strip(_EDGES)]
    if not lines:
        return None
    return _of_a_line(lines[0]) if len(lines) == 1 else _of_the_last(lines)


def agreement_rates(responses: Sequence[str]) -> list[float]:
    """For each of one query's responses, the share of them that come to the same final answer; one without a
    clear one agrees with equal texts."""
    answers = [final_answer(response) or f"all of {_bare(response)}" for response in responses]
    counts = Counter(answers)
    return [counts[answer] / len(answers) for answer in answers]


def _of_a_line(line: str) -> str:
    """Its last statement, or the number that it ends on."""
    stated = _INTRODUCTION.sub("", line.strip(_EDGES))
    ended = final_quantity_of(line) if _DIGIT.search(stated) else None
    return _bare(stated) if ended is None else _number(ended.text) or _bare(stated)


def _of_the_last(lines: Sequence[str]) -> str | None:
    stated = statements("\n".join(lines))
    if not stated or (_LISTED.match(lines[-1]) and "=" not in lines[-1]):
        return None
    if _DIGIT.search(stated[-1]):
        ended = final_quantity_of(stated[-1])
        return None if ended is None else _number(ended.text)
    is_short = len(stated[-1].split()) <= _MOST_WORDS_OF_A_LAST_LINE and len(stated[-1]) <= 60
    return _of_a_line(stated[-1]) if is_short else None


def _without_reasons(text: str) -> str:
    found = _REASONS.search(text)
    return text[: found.start()] if found and text[: found.start()].strip() else text


def _number(written: str) -> str | None:
    quantity = quantity_of(written)
    if quantity is None:
        return None
    return str(quantity.value * 100 if quantity.is_percent else quantity.value)


def _bare(text: str) -> str:
    return " ".join(text.strip(_EDGES).casefold().split())
