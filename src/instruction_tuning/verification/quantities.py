"""Quantities written down: integers, decimals, fractions, mixed numbers, percentages, powers of ten, units.

Read exactly, as fractions; nothing is evaluated as code, and symbolic algebra is left out on purpose: parsers
of formulas evaluate text, and x^(9^9) is three characters of work for hours. Digits, exponents and lengths
are bounded, so that reading is O(length) whatever the text. English and Chinese, LaTeX's commonest forms.
"""

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

from instruction_tuning.text.number_words import with_digits
from instruction_tuning.verification.units import UNITS, Unit

_LONGEST_TEXT = 200  # characters
_MOST_DIGITS = 30
_LARGEST_EXPONENT = 30

_VULGAR = re.compile("[\u00bc-\u00be\u2150-\u215e\u2189]")
_SUPERSCRIPT = re.compile("[\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u207b]+")
_LATEX = (
    (re.compile(r"\$([^$\n]{1,80})\$"), r" \1 "),
    (re.compile(r"\\[dt]?frac\s*\{\s*(\d+)\s*\}\s*\{\s*(\d+)\s*\}"), r" \1/\2"),
    (re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r" (\1)/(\2)"),
    (re.compile(r"\\[dt]?frac\s*(\d)\s*(\d)"), r" \1/\2"),
    (re.compile(r"\\(?:text|mathrm|mbox|operatorname)\s*\{([^{}]*)\}"), r" \1"),
    (re.compile(r"\^\s*\{?\s*\\circ\s*\}?|\\degree"), "°"),
    (re.compile(r"\\(?:left|right|displaystyle|[,;:! ()\[\]])"), ""),
    (re.compile(r"\\times|\\cdot"), "×"),
    (re.compile(r"\\([%$])"), r"\1"),
    (re.compile(r"\^\s*\{\s*(-?\d+)\s*\}"), r"^\1"),
)
_CURRENCY = {"$": "dollar", "€": "euro", "£": "pound sterling", "¥": "yuan", "￥": "yuan"}
_DIGITS = r"\d{1,3}(?:,\d{3})+|\d+"
# A number of digits, with decimals or without; the groups of a thousand may be set apart by commas.
PLAIN_NUMBER = rf"(?:(?:{_DIGITS})(?:\.\d+)?|\.\d+)"
_SIGN = r"[-+]?"
_VALUE = re.compile(
    rf"(?P<sign>{_SIGN})\s*(?:"
    rf"(?P<whole>{_DIGITS})\s*(?:\s|又|and\s|&\s)\s*\(?(?P<above>\d+)\)?\s*/\s*\(?(?P<below>\d+)\)?|"
    rf"\(?(?P<numerator>{_SIGN}{PLAIN_NUMBER})\)?\s*/\s*\(?(?P<denominator>{_SIGN}{PLAIN_NUMBER})\)?|"
    rf"(?P<coefficient>{PLAIN_NUMBER})\s*[×x*]\s*10\s*\^\s*\(?(?P<power>{_SIGN}\d+)\)?|"
    rf"(?P<base>\d+)\s*\^\s*\(?(?P<exponent>\d+)\)?|"
    rf"(?P<plain>{PLAIN_NUMBER})(?:[eE](?P<ten>{_SIGN}\d+))?"
    r")\s*(?P<rest>.*)"
)
_HAN_PERCENT = re.compile(
    r"百分之\s*([\d.]+|[零〇一二两三四五六七八九十百]+(?:点[零〇一二三四五六七八九]+)?)"
)
_HAN_FRACTION = re.compile(r"(?<!\d)(\d{1,30})\s*分之\s*(\d{1,30})")
_HAN_POINT = re.compile(r"(?<=\d)点(?=\d)")
# 3万, 1.5亿, 3万5千: figures with the scales of Chinese; a longer run of numerals is no number.
_SCALED_PART = r"(\d{1,15}(?:\.\d{1,15})?)([百千]?[万亿]|[百千])"
_SCALED = re.compile(rf"(?<![\d.])(?:{_SCALED_PART})+\d{{0,4}}(?!\d)")
_HAN_SCALE = {"百": 10**2, "千": 10**3, "万": 10**4, "亿": 10**8}
_ENGLISH_SCALE = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "dozen": 12}


@dataclass(frozen=True)
class Quantity:
    """An exact value; `decimals` is how many places were written, null where it was no decimal number.

    `unit` is null where none is written; `is_percent` values are divided by 100 already.
    """

    value: Fraction
    decimals: int | None = None
    unit: Unit | None = None
    is_percent: bool = False


def read_quantity(text: str) -> Quantity | None:
    """The quantity that all of `text` is, or null: for other text, unknown units, numbers out of bounds.

    >>> read_quantity("2 1/2 kg").value, read_quantity("百分之五十").value
    (Fraction(5, 2), Fraction(1, 2))
    """
    if len(text) > _LONGEST_TEXT:
        return None
    folded = fold(text)
    currency = next((name for mark, name in _CURRENCY.items() if mark in folded), None)
    for mark in _CURRENCY:
        folded = folded.replace(mark, "", 1)
    found = _VALUE.fullmatch(folded.strip())
    if found is None or re.search(rf"\d{{{_MOST_DIGITS + 1},}}", folded.replace(",", "")):
        return None
    value = _value(found)
    return None if value is None else _with_rest(value, _decimals(found), found["rest"].strip(), currency)


def fold(text: str) -> str:
    """`text` with its marks in plain form: LaTeX, fraction signs, raised figures, number words."""
    text = _VULGAR.sub(lambda one: f" {unicodedata.normalize('NFKC', one[0]).replace('⁄', '/')}", text)
    text = _SUPERSCRIPT.sub(lambda raised: f"^{unicodedata.normalize('NFKC', raised[0])}", text)
    text = unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-")
    for pattern, plain in _LATEX:
        text = pattern.sub(plain, text)
    text = re.sub(r"(?<=\d)[\u2009\u202f ](?=\d{3}(?:\D|$))(?!\d+\s*/)", "", text.replace("{,}", ","))
    text = _HAN_PERCENT.sub(lambda share: f"{_han_decimal(share[1])}%", text)
    text = _SCALED.sub(_sum_of_parts, text)
    text = _HAN_POINT.sub(".", with_digits(text.replace("負", "-").replace("负", "-")))
    return _HAN_FRACTION.sub(r"\2/\1", text).strip(" \t\r\n.。!！,，;；:：`*\"'“”")


def _sum_of_parts(run: re.Match[str]) -> str:
    parts = re.findall(_SCALED_PART, run[0])
    behind = re.search(r"\d*$", run[0])
    total = sum((_fraction(number) * _scale(scale) for number, scale in parts), Fraction(0))
    total += int(behind[0]) if behind and behind[0] else 0
    return str(total) if total.denominator == 1 else run[0]


def _scale(signs: str) -> int:
    scale = 1
    for sign in signs:
        scale *= _HAN_SCALE[sign]
    return scale


def _han_decimal(text: str) -> str:
    return with_digits(text.replace("点", " 点 ")).replace(" 点 ", ".")


def _value(found: re.Match[str]) -> Fraction | None:
    sign = -1 if found["sign"] == "-" else 1
    try:
        if found["whole"]:
            part = Fraction(int(found["above"]), int(found["below"]))
            return sign * (_fraction(found["whole"]) + part) if part < 1 else None
        if found["numerator"]:
            return sign * _fraction(found["numerator"]) / _fraction(found["denominator"])
        if found["coefficient"]:
            return _scaled(sign * _fraction(found["coefficient"]), 10, found["power"])
        if found["base"]:
            return _scaled(Fraction(sign), int(found["base"]), found["exponent"])
        return _scaled(sign * _fraction(found["plain"]), 10, found["ten"] or "0")
    except ZeroDivisionError:
        return None


def _fraction(number: str) -> Fraction:
    return Fraction(number.replace(",", ""))


def _scaled(value: Fraction, base: int, exponent: str) -> Fraction | None:
    power = int(exponent[:_MOST_DIGITS])
    if abs(power) > _LARGEST_EXPONENT or base > 10**_MOST_DIGITS:
        return None
    return value * Fraction(base) ** power


def _decimals(found: re.Match[str]) -> int | None:
    plain = found["plain"]
    return len(plain.partition(".")[2]) if plain and "." in plain and not found["ten"] else None


def _with_rest(value: Fraction, decimals: int | None, rest: str, currency: str | None) -> Quantity | None:
    for words, scale in _ENGLISH_SCALE.items():
        if rest.casefold().startswith(words):
            value, decimals, rest = value * scale, None, rest[len(words) :].strip()
    if rest.startswith("%") or rest.casefold() in ("percent", "per cent"):
        is_alone = rest in ("%", "percent", "per cent")
        return Quantity(value / 100, decimals and decimals + 2, None, is_percent=True) if is_alone else None
    name = rest.casefold().strip(" .") or currency
    if name is None:
        return Quantity(value, decimals)
    unit = UNITS.get(name) or UNITS.get(name.replace("^", "").removesuffix("s"))
    return None if unit is None else Quantity(value, decimals, unit)
