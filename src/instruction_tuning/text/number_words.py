"""Numbers in words as digits: English up to the millions, ordinals on request, Chinese up to 亿."""

import re

_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_VALUES = {word: value for value, word in enumerate(_SMALL)} | {
    word: 10 * tens for tens, word in enumerate(_TENS, start=2)
}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
_WORD = "|".join((*_VALUES, *_SCALES))
_ENGLISH = re.compile(rf"\b(?:{_WORD})(?:(?:[\s-]+|\s+and\s+)(?:{_WORD}))*\b", re.IGNORECASE)
_CARDINALS = {
    **{f"{word}th": word for word in (*_SMALL, *_SCALES)},
    **{f"{tens[:-1]}ieth": tens for tens in _TENS},
    **{"first": "one", "second": "two", "third": "three", "fifth": "five", "eighth": "eight"},
    **{"ninth": "nine", "twelfth": "twelve"},
}
_ORDINAL = re.compile(rf"\b(?:{'|'.join(_CARDINALS)})\b|(?<=\d) ?(?:st|nd|rd|th)\b")
_HAN_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_SCALES = {"十": 10, "百": 100, "千": 1_000}
_HAN_GROUPS = {"万": 10_000, "亿": 100_000_000}
# A longer run is no number, and its digits would be too many to write.
_NUMERAL = "[零〇一二两三四五六七八九十百千万亿]"
_HAN = re.compile(rf"(?<!{_NUMERAL}){_NUMERAL}{{1,40}}(?!{_NUMERAL})")


def with_digits(text: str) -> str:
    """`text` with numbers in words written as digits.

    >>> with_digits("twenty-three plus 一百零五")
    '23 plus 105'
    """
    return _HAN.sub(lambda found: _of_han(found[0]), _ENGLISH.sub(lambda found: _of_english(found[0]), text))


def with_ordinals_as_digits(text: str) -> str:
    """As `with_digits`, and of a place in an order its number.

    >>> with_ordinals_as_digits("the twenty-first of the 2nd season")
    'the 21 of the 2 season'
    """
    return with_digits(_ORDINAL.sub(lambda found: _CARDINALS.get(found[0], ""), text))


def _of_english(words: str) -> str:
    """Digits of a number; of what is no single number ("five and six") each on its own."""
    numbers: list[str] = []
    total, current, last = 0, 0, None
    for word in re.split(r"[\s-]+", words.casefold()):
        if word == "and":
            if last not in _SCALES:
                numbers.append(f"{total + current} and")
                total, current, last = 0, 0, None
            continue
        if word in _SCALES:
            scale = _SCALES[word]
            current = max(1, current) * scale
            if scale >= 1_000:
                total, current = total + current, 0
        else:
            value = _VALUES[word]
            follows = last is None or last in _SCALES or (last in _TENS and 0 < value < 10)
            if not follows:
                numbers.append(str(total + current))
                total, current = 0, 0
            current += value
        last = word
    return " ".join((*numbers, str(total + current)))


def _of_han(digits: str) -> str:
    if not any(digit in _HAN_SCALES or digit in _HAN_GROUPS for digit in digits):
        return "".join(str(_HAN_DIGITS[digit]) for digit in digits)
    total, group, digit = 0, 0, 0
    for character in digits:
        if character in _HAN_DIGITS:
            digit = _HAN_DIGITS[character]
        elif character in _HAN_SCALES:
            # 十五 is 15: the one before a ten goes unsaid.
            group += (digit or 1) * _HAN_SCALES[character]
            digit = 0
        elif character == "万":
            # 一亿三千万: the ten thousands are counted beside the hundred millions, not multiplied onto them.
            total += max(1, group + digit) * _HAN_GROUPS[character]
            group = digit = 0
        else:
            total = max(1, total + group + digit) * _HAN_GROUPS[character]
            group = digit = 0
    return str(total + group + digit)
