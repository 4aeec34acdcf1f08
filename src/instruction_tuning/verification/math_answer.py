r"""Final answers of worked solutions, and whether two of them are the same quantity.

As the graders of GSM8K (Cobbe et al. 2021, arXiv 2110.14168: the text behind `####`) and of MATH (Hendrycks
et al. 2021, arXiv 2103.03874: the last `\boxed{}`), with these departures: values are compared exactly as
fractions, not as strings or floats (quantities.py); a unit must agree, converted where it can be, if both
sides have one; a percentage is its share, and is also its bare number where the other side names no percent;
a decimal may be the rounding of a fraction that no decimal equals. What is no quantity is compared as folded
text. O(length).
"""

import re
from collections import deque
from fractions import Fraction

from instruction_tuning.verification.program_text import holds_code
from instruction_tuning.verification.quantities import PLAIN_NUMBER, Quantity, fold, read_quantity
from instruction_tuning.verification.verdict import Query, Verdict

_LONGEST_RESPONSE = 20_000  # characters, the last ones: the answer is at the end
_FEWEST_ROUNDED_PLACES = 2
_BOXED = re.compile(r"\\f?boxed\s*\{")
_HASHES = re.compile(r"^.*####[ \t]*(\S.*)$", re.MULTILINE)
_STATED = re.compile(
    r"(?:(?:the\s+)?(?:final\s+)?answer\s*(?:is|:|=|：)|(?:最终|最后)?(?:答案|结果)\s*(?:是|为|:|：))\s*:?\s*"
    r"([^\n]+)",
    re.IGNORECASE,
)
_UNIT_BEHIND = r"(?:\s*(?:%|°[CF]?|percent|[a-zA-Z]+(?:/[a-zA-Z]+|\^?[23])?|[\u4e00-\u9fff]{1,3}))?"
# No part of a power, a product or a time of day is a final answer.
_NUMBER = rf"(?<![\w.^/*])(?<![/^*]\()(?<!\d:)[-+]?[$€£¥]?\s?{PLAIN_NUMBER}(?!\d|:\d)"
_GOES_ON = (
    rf"(?:\s+(?:and\s+)?\d+/\d+|\s*/\s*{PLAIN_NUMBER}|\s*[×x]\s*10\s*\^\s*-?\d+|\s*\^\s*\d+|[eE]-?\d+)?"
)
_LAST = re.compile(rf"{_NUMBER}{_GOES_ON}(?!\s*[\^*×]){_UNIT_BEHIND}")
# What an announced answer goes on with is its reason.
_REASON = re.compile(
    r"(?<!\d)[.;](?=\s|$)|(?<=\d)\.(?=\s)|[。；]|\b(?:because|since|as)\b|因为", re.IGNORECASE
)


def final_answer_text(response: str) -> str | None:
    r"""The final answer as it is written: boxed, behind `####`, announced as the answer, else the last
    number.

    >>> final_answer_text("6 * 7 = <<6*7=42>>42 eggs\n#### 42")
    '42'
    """
    text = response[-_LONGEST_RESPONSE:]
    return marked_answer_text(text) or _value_within(text)


def marked_answer_text(response: str) -> str | None:
    """As `final_answer_text`, but null where nothing marks the final answer as such."""
    text = response[-_LONGEST_RESPONSE:]
    if (boxed := _last_boxed(text)) is not None:
        return boxed
    if hashes := _HASHES.findall(text):
        return str(hashes[-1]).strip()
    if stated := _STATED.findall(text):
        announced = _REASON.split(str(stated[-1]), maxsplit=1)[0]
        return _value_within(announced) or announced.strip() or None
    return None


def final_quantity(response: str) -> Quantity | None:
    """The quantity that the final answer is, or null where it is none or there is no answer."""
    stated = final_answer_text(response)
    if stated is None:
        return None
    return _read(stated) or _read(_value_within(stated) or "")


def same_quantity(first: Quantity, second: Quantity) -> bool:
    """Whether two quantities are equal by the rules of this module.

    >>> same_quantity(read_quantity("50%"), read_quantity("1/2"))
    True
    """
    if first.unit and second.unit:
        if first.unit.dimension != second.unit.dimension:
            return False
        scaled = (first.value * first.unit.factor, second.value * second.unit.factor)
        return scaled[0] == scaled[1]
    if first.is_percent != second.is_percent and not (first.unit or second.unit):
        percent, other = (first, second) if first.is_percent else (second, first)
        return other.value in (percent.value, percent.value * 100)
    return first.value == second.value or _is_rounding(first, second) or _is_rounding(second, first)


def same_final_answer(response: str, reference: str) -> bool | None:
    """Whether the final answers of two texts are one; null where one of them has none.

    >>> same_final_answer("So it is 1,200 g.", "#### 1.2 kg")
    True
    """
    said, right = final_quantity(response), final_quantity(reference)
    if said is not None and right is not None:
        return same_quantity(said, right)
    first, second = final_answer_text(response), final_answer_text(reference)
    if first is None or second is None:
        return None
    return fold(first).casefold().replace(" ", "") == fold(second).casefold().replace(" ", "")


def matches_reference(query: Query, response: str) -> Verdict | None:
    """The final answer against that of the record's own `answer`, taken for right; null where that is no
    quantity, or the response has none."""
    reference = query.get("answer")
    if not isinstance(reference, str) or holds_code(reference):
        return None
    right = final_quantity(reference)
    if right is None:
        return None
    said = final_quantity(response)
    if said is None:
        return None
    shown = (final_answer_text(response) or "")[:60]
    same = same_quantity(said, right)
    return Verdict(float(same), same, f"the final answer {shown!r} is {'' if same else 'not '}the record's")


def _read(text: str) -> Quantity | None:
    """The right side of the last equals sign, where there is one."""
    return read_quantity(text.rpartition("=")[2] if "=" in text else text)


def _value_within(text: str) -> str | None:
    """The last quantity of a text, with its unit where what stands behind is one."""
    folded = fold(text)
    if read_quantity(folded) is not None:
        return folded
    found = deque(_LAST.finditer(folded), maxlen=1)
    if not found:
        return None
    whole = found[0][0].strip()
    if read_quantity(whole) is not None:
        return whole
    # What stands behind is a word, not a unit: the number alone.
    bare = re.sub(rf"{_UNIT_BEHIND[:-1]}$", "", whole)
    return bare if read_quantity(bare) is not None else None


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


def _is_rounding(decimal: Quantity, exact: Quantity) -> bool:
    if decimal.decimals is None or decimal.decimals < _FEWEST_ROUNDED_PLACES or exact.decimals is not None:
        return False
    is_terminating = not _without_factors(exact.value.denominator)
    return not is_terminating and abs(decimal.value - exact.value) <= Fraction(1, 2 * 10**decimal.decimals)


def _without_factors(denominator: int) -> bool:
    """Whether anything is left of it without its twos and fives."""
    for factor in (2, 5):
        while denominator % factor == 0:
            denominator //= factor
    return denominator > 1
