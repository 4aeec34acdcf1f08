"""The equations that a worked solution writes out, in order, and whether each of them holds.

As rejection sampling fine-tuning needs them (Yuan et al. 2023, arXiv 2308.01825): between `<<` and `>>` where
a solution marks them, as GSM8K's do, else wherever numbers and operators stand before an equals sign and a
number. Departure: the published code hands them to `eval`; here a parser of + - * / and brackets computes
exactly. O(length); equations with more digits or brackets than a person writes are left out.
"""

import ast
import re
import unicodedata
from fractions import Fraction

from instruction_tuning.verification.verdict import Query, Verdict, fault, no_fault

TOLERANCE = 1e-3
_LONGEST_RESPONSE = 20_000
_MARKED = re.compile(r"<<([^<>\n]{1,200})>>")
_NUMBER = r"\d{1,15}(?:\.\d{1,15})?%?"
_WRITTEN = re.compile(
    rf"(?<![\d.])(?P<left>[-(]{{0,4}}{_NUMBER}(?:\s?[-+*/]\s?[-(]{{0,4}}{_NUMBER}\){{0,4}}){{1,12}})\s?=\s?"
    rf"(?P<right>-?{_NUMBER})(?![\d.]*\d)"
)
_UNITS = re.compile(r"[$€£¥,\s]")


def equations_of(response: str) -> list[str]:
    """Its equations in order, without spaces.

    >>> equations_of("He has 3 * 4 = <<3*4=12>>12, then 12 - 5 = <<12-5=7>>7.")
    ['3*4=12', '12-5=7']
    """
    text = unicodedata.normalize("NFKC", response[:_LONGEST_RESPONSE]).replace("−", "-")
    text = text.replace("×", "*").replace("÷", "/")
    marked = [_UNITS.sub("", equation) for equation in _MARKED.findall(text)]
    if marked:
        return [equation for equation in marked if "=" in equation]
    return [f"{found['left']}={found['right']}".replace(" ", "") for found in _WRITTEN.finditer(text)]


def equation_holds(equation: str, *, tolerance: float = TOLERANCE) -> bool | None:
    """Whether both sides differ by `tolerance` at most; null where a side is no plain arithmetic."""
    left, _, right = equation.rpartition("=")
    values = [_value_of(side) for side in (left.partition("=")[0], right)]
    first, second = values
    return None if first is None or second is None else abs(first - second) <= Fraction(tolerance)


def equations_hold(query: Query, response: str, *, tolerance: float = TOLERANCE) -> Verdict | None:
    """Every equation of the answer that can be computed; null where there is none."""
    held = [(equation, equation_holds(equation, tolerance=tolerance)) for equation in equations_of(response)]
    known = [(equation, holds) for equation, holds in held if holds is not None]
    if not known:
        return None
    wrong = [equation for equation, holds in known if not holds]
    return fault(f"wrong: {', '.join(wrong)}"[:200]) if wrong else no_fault(f"{len(known)} equations hold")


def path_key(response: str) -> tuple[str, ...]:
    """What makes a solution another one: its list of equations; the folded text where it has none."""
    found = tuple(equations_of(response))
    if found:
        return found
    folded = unicodedata.normalize("NFKC", response).casefold()
    return ("text", " ".join(re.findall(r"\w+", folded)))


def _value_of(side: str) -> Fraction | None:
    plain = re.sub(r"(\d+(?:\.\d+)?)%", r"(\1/100)", side)
    if len(plain) > 200 or not re.fullmatch(r"[\d.+\-*/()]+", plain) or re.search(r"\*\*|//|\d{31}", plain):
        return None
    try:
        return _computed(ast.parse(plain, mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError, MemoryError):
        return None


def _computed(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=int() | float() as value):
            return Fraction(str(value))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_computed(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _computed(operand)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _computed(left) + _computed(right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _computed(left) - _computed(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _computed(left) * _computed(right)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _computed(left) / _computed(right)
    raise ValueError(f"{type(node).__name__} is no arithmetic")
