"""The quantities that a text states, and the one that it ends on, where that is clear.

A text of one quantity says it, whatever words are around. A worked solution ends on what its last equation
comes to, on a number that stands alone behind the working, or on the only quantity of its last sentence that
is no circumstance ("after 5 days"). Numbers of lists and steps, checks, offers and fenced code say nothing;
where several quantities compete, none is the final one. O(length).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from instruction_tuning.verification.quantities import PLAIN_NUMBER, Quantity, fold, read_quantity
from instruction_tuning.verification.statements import statements, without_bold

_UNIT = r"\s*(?:%|°[CF]?|percent|[a-zA-Z]+(?:/[a-zA-Z]+|\^?[23])?|[\u4e00-\u9fff]{1,3})"
# No part of a power, a product, a range or a time of day is a final answer.
_NUMBER = rf"(?<![A-Za-z0-9_.^/*])(?<![/^*]\()(?<!\d[:~])[-+]?[$€£¥]?\s?{PLAIN_NUMBER}(?!\d|[:~]\d)"
_GOES_ON = (
    rf"(?:\s+(?:and\s+)?\d+/\d+|\s*/\s*{PLAIN_NUMBER}|\s*[×x]\s*10\s*\^\s*-?\d+|\s*\^\s*\d+|[eE]-?\d+)?"
)
_QUANTITY = re.compile(rf"{_NUMBER}{_GOES_ON}(?!\s*[\^*×]\s*[\d(])(?:{_UNIT})?")
_BEHIND = re.compile(rf"{_UNIT}$")
# What is counted may stand behind a number: "18 eggs a day", "18 dollars/day"; not "3 or more", "3 pm".
_NO_NOUN = (
    r"(?!(?:or|to|and|plus|minus|times|more|less|squared|cubed|pi|am|pm|bc|bce|ad|hundred|out|in|of|at)\b)"
)
_COUNTED = re.compile(
    rf"([-+]?[$€£¥]?\s?{PLAIN_NUMBER})(?:\s*/\s*[a-z]+|\s+{_NO_NOUN}(?:a|[a-z][a-z'-]+)(?:/[a-z]+)?){{1,4}}"
    rf"|([-+]?{PLAIN_NUMBER})\s*[\u4e00-\u9fff]{{1,4}}",
    re.IGNORECASE,
)
_EQUALS = re.compile(
    r"(?:=|\b(?:(?:(?:is|are) )?equal to|(?:comes?|amounts?|evaluates?|adds? up) to|is|are|was|were|be|"
    r"equals?|makes?|gives?)\b"
    r"|等于|是|为|得)[\s:：]*(?:(?:about|approximately|exactly|just|only)\s+)?",
    re.IGNORECASE,
)
# What is to be worked out stands before a colon.
_HEADING = re.compile(r"^.*(?::\s|：)")
_FOLLOWS = re.compile(r"(?:\b(?:so|hence|therefore|thus)\b|所以|因此|[→⇒])\s*$", re.IGNORECASE)
_CLAUSE = re.compile(r"[,;:，：](?=\s)|[，：]|\b(?:so|hence|therefore|thus)\b|所以|因此|[→⇒]", re.IGNORECASE)
_ENDED = re.compile(r"[.!?;](?=\s)|[。！？；]|\n")
_REASON = re.compile(r"\b(?:because|(?<!have )(?<!has )since|if|when|while)\b|因为|如果", re.IGNORECASE)
_CONCLUDES = re.compile(
    r"\b(?:so|therefore|thus|hence|totals?|altogether|in all|overall|results?|finally|means?)\b"
    r"|所以|因此|一共|总共|共|得|等于|即|=",
    re.IGNORECASE,
)
_CIRCUMSTANCE = re.compile(
    r"(?:(?<!total )(?<!sum )(?<!amount )\bof|\b(?:in|after|for|per|from|every|each|at|by|with|within|over|"
    r"during|on|across|between|than|to|until|since|all|both|the|these|those|first|last|next|past)"
    r"|\b(?:to|for|after|by)\s+[a-z]+)(?:\s+(?:the|all|his|her|their|its|a|each|every|these|those))?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class FinalQuantity:
    """`text` is the quantity as written; `is_conclusive` where the text says no more, or says that it is
    what follows; `stands_alone` where nothing else in the text can have been meant."""

    text: str
    is_conclusive: bool
    stands_alone: bool = False


def whole_quantity(text: str) -> str | None:
    """The quantity that all of a text is, with what it counts or not, or the right side of its equation.

    >>> whole_quantity("$18 per day"), whole_quantity("x = 2 1/2"), whole_quantity("1 of 3")
    ('$18', '2 1/2', None)
    """
    folded = fold(text)
    if "=" in folded:
        left, _, folded = folded.rpartition("=")
        if _ENDED.search(left):
            return None
    folded = folded.strip()
    if read_quantity(folded) is not None:
        return folded
    counted = _COUNTED.fullmatch(folded)
    return None if counted is None else _first_of(folded)


def quantities_within(text: str) -> list[str]:
    """Every quantity of a text, in order, each with its unit where what stands behind is one."""
    return _read_among(_QUANTITY.finditer(fold(text)))


def leading_quantity(announced: str) -> str | None:
    """What an announcement comes to: its right side, the quantity it begins with, or its only one."""
    text = re.sub(r"^[\s*_]*\(?[A-Ea-e][.)][\s:]*", "", without_bold(announced))
    if re.match(r"\W*(?:not|unknown|between|either|neither|no)\b", text, re.IGNORECASE):
        return None
    if (whole := whole_quantity(text)) is not None:
        return whole
    found = quantities_within(_right_side(text))
    begins = re.match(
        r"\W*(?:(?:about|approximately|roughly|exactly|just|only|约)\s*)?[$€£¥(]?[-+]?\s?\d", fold(text)
    )
    if found and ("=" in text or (begins and not re.search(r"\d\s*[-+*/×÷]\s*[\d(]", text))):
        return found[0]
    return found[0] if len(_distinct(found)) == 1 else None


def final_quantity_of(text: str) -> FinalQuantity | None:
    """The quantity that an unmarked text ends on, null where there is none or several compete.

    >>> final_quantity_of("She sells 9 for $2 each. So she makes 9 * 2 = $18 every day.").text
    '$18'
    """
    if (whole := whole_quantity(text)) is not None:
        return FinalQuantity(whole, is_conclusive=True, stands_alone=True)
    stated = [(one, found) for one in statements(text) if (found := quantities_within(one))]
    if not stated:
        return None
    last, found = _without_reason(*stated[-1])
    if (ended := _behind_the_working(last)) is not None:
        return FinalQuantity(ended, is_conclusive=True, stands_alone=read_quantity(ended) is not None)
    is_only = len(stated) == 1 or len(_distinct([one for _, several in stated for one in several])) == 1
    is_conclusive = is_only or _CONCLUDES.search(last) is not None
    if (equal := _equated(last)) is not None:
        return FinalQuantity(equal, is_conclusive)
    if len(_distinct(found)) == 1:
        return FinalQuantity(found[-1], is_conclusive)
    if "=" in last:
        return None
    essential = _essential(last)
    is_conclusive = _CONCLUDES.search(last) is not None
    return FinalQuantity(essential[-1], is_conclusive) if len(_distinct(essential)) == 1 else None


def quantity_of(written: str) -> Quantity | None:
    """As `read_quantity`, of the number alone where what stands behind is no unit."""
    return read_quantity(written) or read_quantity(_BEHIND.sub("", written))


def _behind_the_working(sentence: str) -> str | None:
    """The last clause, where it is a quantity and equations or words before it: "47 + 25: 7+5=12, 72"."""
    working = _HEADING.sub("", sentence)
    *before, last = _CLAUSE.split(working)
    joined = all("=" in clause or not quantities_within(clause) for clause in before)
    follows = _FOLLOWS.search(working[: len(working) - len(last)])
    return whole_quantity(last) if joined or follows else None


def _without_reason(sentence: str, found: list[str]) -> tuple[str, list[str]]:
    """A sentence up to its "because" or "if", where it has said a quantity by then."""
    before = _REASON.split(sentence, maxsplit=1)[0]
    found_before = quantities_within(before)
    return (before, found_before) if found_before else (sentence, found)


def _equated(sentence: str) -> str | None:
    """What its last "=" or "is" sets something equal to, with nothing but circumstances behind: "3 * 4 = 12
    eggs in 5 days", "15% of 500 is 75"."""
    folded = fold(sentence)
    signs = [found for found in _EQUALS.finditer(folded) if _QUANTITY.match(folded, found.end())]
    if not signs:
        return None
    right = folded[signs[-1].end() :]
    said, *behind = _QUANTITY.finditer(right)
    essential = [one for one in behind if not _is_circumstance(right, one.start())]
    return None if essential else next(iter(_read_among([said])), None)


def _essential(sentence: str) -> list[str]:
    folded = fold(sentence)
    found = _QUANTITY.finditer(folded)
    return _read_among(one for one in found if not _is_circumstance(folded, one.start()))


def _read_among(matches: Iterable[re.Match[str]]) -> list[str]:
    """With the unit where it is one; numbers out of bounds are left out."""
    whole = [found[0].strip() for found in matches]
    written = [one if read_quantity(one) is not None else _BEHIND.sub("", one) for one in whole]
    return [one for one in written if read_quantity(one) is not None]


def _first_of(folded: str) -> str | None:
    return next(iter(_read_among(_QUANTITY.finditer(folded))), None)


def _right_side(text: str) -> str:
    return text.rpartition("=")[2].strip() if "=" in text else text


def _distinct(written: list[str]) -> set[object]:
    read = [(one, quantity_of(one)) for one in written]
    return {one if quantity is None else quantity.value for one, quantity in read}


def _is_circumstance(text: str, place: int) -> bool:
    return _CIRCUMSTANCE.search(text[max(0, place - 30) : place]) is not None
