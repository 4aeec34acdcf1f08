"""Arithmetic that a prompt asks for, recognised in English and Chinese, and its right value.

A departure from the checkers of mathematical benchmarks (GSM8K, 2110.14168), which compare with a
given answer: here the right value is computed from the prompt, so only prompts that are nothing but
one expression of integers are taken. Anything else (a second task, other numbers, decimals, units,
dates, division) gives none: a wrong verdict costs more than a missing one. Nothing is evaluated as
code. O(length of the prompt).
"""

import re
import unicodedata
from dataclasses import dataclass

_MAX_PROMPT_CHARACTERS = 160
_MAX_DIGITS = 12

_OPERATORS = {
    "+": r"\+|plus|added\s+to|加上|加",
    # Between digits without spaces, a hyphen is a range or a date as often as a minus sign.
    "-": r"\s-\s|minus|take\s+away|less|减去|减掉|减",
    "*": r"×|\*|(?<=\s)x(?=\s)|times|multiplied\s+by|乘以|乘",
}
_NUMBER = rf"(?<![\w.,:/$€£¥%-])(?:0|[1-9]\d{{0,{_MAX_DIGITS - 1}}})(?!\d)"
_OPERATOR = "|".join(f"(?:{pattern})" for pattern in _OPERATORS.values())
_CHAIN = re.compile(
    rf"(?:{_NUMBER}|(?<=[\u4e00-\u9fff])[1-9]\d{{0,{_MAX_DIGITS - 1}}}(?!\d))"
    rf"(?:\s*(?:{_OPERATOR})\s*(?:0|[1-9]\d{{0,{_MAX_DIGITS - 1}}})(?!\d))+",
    re.IGNORECASE,
)
_TOKEN = re.compile(rf"(\d+)|({_OPERATOR})", re.IGNORECASE)
_INTEGER = r"(0|[1-9]\d*)"
_DIFFERENCE = re.compile(rf"\bdifference\s+(?:of|between)\s+{_INTEGER}\s+and\s+{_INTEGER}\b", re.IGNORECASE)
# Pattern, operator, whether the second number is the one to subtract from.
_PHRASES = (
    (rf"\bsum\s+of\s+{_INTEGER}\s+and\s+{_INTEGER}\b", "+", False),
    (rf"\bproduct\s+of\s+{_INTEGER}\s+and\s+{_INTEGER}\b", "*", False),
    (rf"\badd\s+{_INTEGER}\s+(?:and|to)\s+{_INTEGER}\b", "+", False),
    (rf"\bmultiply\s+{_INTEGER}\s+(?:and|by|with)\s+{_INTEGER}\b", "*", False),
    (rf"\bfrom\s+{_INTEGER},?\s+(?:subtract|deduct|take)\s+(?:away\s+)?{_INTEGER}\b", "-", False),
    (rf"(?<![\d.]){_INTEGER}\s+(?:taken\s+away\s+|subtracted\s+)?from\s+{_INTEGER}\b", "-", True),
    (rf"(?:subtract|deduct|take)\s+{_INTEGER}\s+(?:away\s+)?from\s+{_INTEGER}\b", "-", True),
    (rf"(?:从|由)\s*{_INTEGER}\s*(?:中|里|里面)?\s*(?:减去|减掉|减|去掉|拿走)\s*{_INTEGER}", "-", False),
    (rf"{_INTEGER}\s*(?:与|和|跟)\s*{_INTEGER}\s*(?:的和|之和|相加)", "+", False),
    (rf"{_INTEGER}\s*(?:与|和|跟)\s*{_INTEGER}\s*(?:的积|之积|的乘积|相乘)", "*", False),
)
_COMPILED_PHRASES = tuple(
    (re.compile(pattern, re.IGNORECASE), operator, swapped) for pattern, operator, swapped in _PHRASES
)
# Words of a second task: a number in the answer then means something else.
_OTHER_TASK = re.compile(
    r"\b(?:write|explain|why|story|poem|function|code|program|python|translate|reverse|sort|list|digits?|"
    r"average|percent\w*|remainder|divided?|quotient|factors?|prime|round|words?|spell|letters?|binary|hex|"
    r"roman|root|power|double|triple|twice|thrice|half|then|true|false|correct|compare|greater|larger|smaller|"
    r"equation|dollars?|hours?|minutes?|days?|years?|estimate|approximate(?:ly)?|pages?|not|mod(?:ulo|ulus)?|"
    r"squared?|cubed?|raised|exponent|factorials?|logarithm|log|absolute|negati(?:ve|on)|inverse|reciprocal|"
    r"thirds?|fourths?|quarters?|fifths?|tenths?|fractions?|decimals?|matrix|grid|degrees?|radians?)\b"
    r"|除|余|平方|立方|根|次方|次幂|阶乘|绝对值|倒数|相反数|翻译|解释|为什么|列出|写|故事|对吗|正确|大于|小于|"
    r"一半|两倍|估|矩阵|再|然后|位数|平均|约|百分|分之",
    re.IGNORECASE,
)
# "Odd numbers in the range 2 - 8": from the one to the other.
_SPAN = re.compile(
    r"\b(?:numbers?|integers?|ranges?|levels?|scales?|ages?|between)\b|数字|整数|范围|之间", re.IGNORECASE
)
# Numbers in words, signs and multipliers: part of the expression, though it does not show in the digits.
_NUMBER_WORD = re.compile(
    r"\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
    r"(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|tens|ones|"
    r"hundreds?|thousands?|[mbtr]illions?|dozens?|scores?|lakhs?|crores?|plus|minus|times|"
    r"multiplied|added|subtracted|less|product|difference)\b"
    r"|[负零两二三四五六七八九十百千万亿]|加|减|乘",
    re.IGNORECASE,
)
# Raised, lowered and fractional figures, which NFKC would turn into plain digits.
_SMALL_FIGURES = re.compile("[\u00b2\u00b3\u00b9\u00bc-\u00be\u2044\u2070-\u209c\u2150-\u215f\u2189]")
# What may follow the expression: nothing, a mark, a word of the question's frame; no unit or multiplier.
_BEHIND = re.compile(
    r"\s*(?:$|[?.,;:=\"'。，？；：！、\u4e00-\u9fff]|"
    r"(?:please|equals?|is|are|be|make|makes|gives?|come|comes|and|for|as|in|to|now|thanks?|thank)\b)",
    re.IGNORECASE,
)
# Around an expression and its value in an answer: no longer expression, no other number.
_NOT_WITHIN = r"(?<![\d.,+*/×-])(?<![+*/×-]\s)"
_IS = r"\s*(?:=|is equal to|is|equals?|makes|gives|等于|得到?|是)\s*\**\s*"
_NOTHING_BEHIND = r"(?![\d,]*\.?\d)(?!\s*[-+*/×]\s*\d)"


@dataclass(frozen=True)
class AskedValue:
    """The expression in plain symbols and its value."""

    text: str
    value: int


def asked_value(prompt: str) -> AskedValue | None:
    """The one integer expression that `prompt` consists of, or null where that is not clear.

    >>> asked_value("What is 47 plus 25?")
    AskedValue(text='47 + 25', value=72)
    """
    # Full-width digits and signs become plain ones.
    text = unicodedata.normalize("NFKC", prompt).replace("−", "-").replace("–", "-").strip()
    if len(text) > _MAX_PROMPT_CHARACTERS or _OTHER_TASK.search(text) or _SMALL_FIGURES.search(prompt):
        return None
    found = _phrase(text) or _chain(text)
    if found is None:
        return None
    asked, start, end = found
    if asked.value < 0 and _SPAN.search(text):
        return None
    around = text[:start] + " " + text[end:]
    # Any other number, or an operator at the edge, makes it more than this expression.
    if re.search(r"\d|[+*/^×÷%‰√∛()\[\]<>|°]", around) or _NUMBER_WORD.search(around):
        return None
    if re.search(r"[-−.,]\s*$", text[:start]) or not _BEHIND.match(text[end:]):
        return None
    return asked


def equated_values(answer: str, asked: AskedValue) -> set[int]:
    """What `answer` says that the expression is, in so many words: "47 + 25 = 72", "47加25等于72".

    >>> equated_values("47 plus 25 is 72. You can check: 72 - 25 = 47.", AskedValue("47 + 25", 72))
    {72}
    """
    text = unicodedata.normalize("NFKC", answer).replace("−", "-").replace("–", "-")
    parts = [
        rf"(?:{_OPERATORS[part]}|-)" if part == "-" else f"(?:{_OPERATORS.get(part, part)})"
        for part in asked.text.split()
    ]
    pattern = re.compile(
        _NOT_WITHIN + r"\s*".join(parts) + _IS + r"(-?\d+(?:,\d{3})*)" + _NOTHING_BEHIND, re.I
    )
    return {int(value.replace(",", "")) for value in pattern.findall(text)}


def _phrase(text: str) -> tuple[AskedValue, int, int] | None:
    difference = _DIFFERENCE.search(text)
    # With the smaller number first it may mean the distance or a negative number.
    if difference and int(difference.group(1)) >= int(difference.group(2)):
        numbers = [int(difference.group(1)), int(difference.group(2))]
        return _asked(numbers, ["-"]), difference.start(), difference.end()
    for pattern, operator, swapped in _COMPILED_PHRASES:
        match = pattern.search(text)
        if match:
            left, right = match.group(2 if swapped else 1), match.group(1 if swapped else 2)
            return _asked([int(left), int(right)], [operator]), match.start(), match.end()
    return None


def _chain(text: str) -> tuple[AskedValue, int, int] | None:
    match = _CHAIN.search(text)
    if match is None:
        return None
    numbers, operators = [], []
    for number, operator in _TOKEN.findall(match.group(0)):
        if number:
            numbers.append(int(number))
        else:
            operators.append(_symbol(operator))
    return _asked(numbers, operators), match.start(), match.end()


def _symbol(operator: str) -> str:
    return next(
        symbol
        for symbol, pattern in _OPERATORS.items()
        if re.fullmatch(pattern, operator, re.IGNORECASE) or (symbol == "*" and operator in "xX")
    )


def _asked(numbers: list[int], operators: list[str]) -> AskedValue:
    text = str(numbers[0])
    sums = [numbers[0]]
    for number, operator in zip(numbers[1:], operators, strict=True):
        text += f" {operator} {number}"
        if operator == "*":  # binds tighter than + and -
            sums[-1] *= number
        else:
            sums.append(-number if operator == "-" else number)
    return AskedValue(text, sum(sums))
