r"""Final answers of worked solutions, and whether one is the record's own.

As the graders of GSM8K (Cobbe et al. 2021, arXiv 2110.14168: the text behind `####`) and of MATH (Hendrycks
et al. 2021, arXiv 2103.03874: the last `\boxed{}`), with these departures: quantities are compared, not
strings (equal_quantities.py); without a mark the quantity counts that the text ends on
(stated_quantities.py), and nothing is said where several compete, or where the answer is no quantity.
O(length).
"""

import re
from collections import deque
from dataclasses import dataclass
from fractions import Fraction

from instruction_tuning.verification.equal_quantities import same_quantity
from instruction_tuning.verification.program_text import holds_code
from instruction_tuning.verification.quantities import PLAIN_NUMBER, Quantity, fold
from instruction_tuning.verification.stated_quantities import (
    final_quantity_of,
    leading_quantity,
    quantities_within,
    quantity_of,
    whole_quantity,
)
from instruction_tuning.verification.verdict import Query, Verdict

LONGEST_RESPONSE = 20_000  # characters, the last ones: the answer is at the end
# With its sign, where it is one: 5-3 has a 3, and -3 none. A percentage is read as a quantity only.
_DIGITS = re.compile(rf"(?:(?<![\w)])-)?{PLAIN_NUMBER}(?!\d|\s*%)")
_BOXED = re.compile(r"\\f?boxed\s*\{")
_HASHES = re.compile(r"^.*####[ \t]*(\S.*)$", re.MULTILINE)
_STATED = re.compile(
    r"(?:(?:the\s+)?(?:final\s+)?answer\s*(?:is|:|=|：)|(?:最终|最后)?(?:答案|结果)\s*(?:是|为|:|：))\s*:?\s*"
    r"([^\n]+)",
    re.IGNORECASE,
)
# What an announced answer goes on with is its reason.
_REASON = re.compile(
    r"(?<!\d)[.;](?=\s|$)|(?<=\d)\.(?=\s)|[。；]|\b(?:because|since|as)\b|因为", re.IGNORECASE
)


def marked_answer_text(response: str) -> str | None:
    r"""The final answer as it is written: boxed, behind `####`, or announced as such; null without a mark.

    >>> marked_answer_text("6 * 7 = <<6*7=42>>42 eggs\n#### 42")
    '42'
    """
    marked = _marked(response[-LONGEST_RESPONSE:])
    return None if marked is None else marked.quantity or marked.text


def reference_quantity(reference: str) -> Quantity | None:
    """The quantity that a record's own answer is as a whole, or marks as its final answer; null for other
    text, whatever numbers are in it.

    >>> reference_quantity("1. Eat well 2. Sleep 3. Exercise often") is None
    True
    """
    text = reference[-LONGEST_RESPONSE:]
    marked = _marked(text)
    if marked is None and holds_code(text):
        return None
    stated = whole_quantity(text) if marked is None else marked.quantity
    return None if stated is None else quantity_of(stated)


def matches_reference(query: Query, response: str) -> Verdict | None:
    """The final answer against that of the record's own `answer`, taken for right.

    Null where the record's answer is no quantity, where several quantities of the response compete, and where
    it has the right one only beside the one that it seems to end on.
    """
    reference = query.get("answer")
    right = reference_quantity(reference) if isinstance(reference, str) else None
    said = None if right is None else compared_with(response, right)
    if said is None or said.is_right is None:
        return None
    shown = f"the final answer {said.text[:60]!r} is {'' if said.is_right else 'not '}the record's"
    return Verdict(float(said.is_right), said.is_right, shown)


@dataclass(frozen=True)
class Compared:
    """A final answer as written, and whether it is the right one; null where that is not clear."""

    text: str
    is_right: bool | None


def compared_with(response: str, right: Quantity) -> Compared | None:
    """The final answer of a text against the right one; null where it has none."""
    said = _final(response[-LONGEST_RESPONSE:])
    quantity = None if said is None or said.quantity is None else quantity_of(said.quantity)
    if said is None or said.quantity is None or quantity is None:
        return None
    if same_quantity(quantity, right):
        return Compared(said.quantity, True)
    # A number that is right in another unit is wrong; one beside others may be the one that was meant.
    is_wrong = said.is_conclusive and (quantity.value == right.value or not _is_among(said.text, right))
    return Compared(said.quantity, False if is_wrong else None)


def _final(text: str) -> "_Said | None":
    """What is marked as the final answer, else the quantity that the text ends on, among all that it says."""
    if (marked := _marked(text)) is not None:
        return marked
    ended = final_quantity_of(text)
    if ended is None:
        return None
    return _Said(ended.text if ended.stands_alone else text, ended.text, ended.is_conclusive)


def _is_among(text: str, right: Quantity) -> bool:
    """Whether the value stands anywhere in a text, with a unit or a scale or without."""
    bare = (Fraction(number.replace(",", "")) for number in _DIGITS.findall(fold(text)))
    if right.value in bare:
        return True
    read = map(quantity_of, quantities_within(text))
    return any(quantity is not None and same_quantity(quantity, right) for quantity in read)


@dataclass(frozen=True)
class _Said:
    """`quantity` is what `text` comes to, null where it is no quantity."""

    text: str
    quantity: str | None
    is_conclusive: bool = True


def _marked(text: str) -> _Said | None:
    """The boxed text, that behind the last `####` which is no heading, or the last announcement of a
    quantity, else of anything."""
    if (boxed := _last_boxed(text)) is not None:
        return _Said(boxed, whole_quantity(boxed))
    hashes = [str(behind).strip() for behind in _HASHES.findall(text)]
    if hashes and (text.rstrip().endswith(hashes[-1]) or whole_quantity(hashes[-1])):
        return _Said(hashes[-1], whole_quantity(hashes[-1]))
    announced = [_REASON.split(one, maxsplit=1)[0].strip() for one in _STATED.findall(text)]
    read = [_Said(one, leading_quantity(one)) for one in announced if one]
    return next((one for one in reversed(read) if one.quantity), read[-1] if read else None)


def _last_boxed(text: str) -> str | None:
    opened = deque(_BOXED.finditer(text), maxlen=1)
    if not opened:
        return None
    start, depth = opened[0].end(), 1
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return text[start:place].strip() or None
    return None
