"""Whether two quantities are equal, however they are written.

Values are compared exactly as fractions, not as strings or floats; a unit must agree, converted where it can
be, if both sides have one; a percentage is its share, and is also its bare number where the other side names
no percent; a decimal may be the rounding of a fraction that no decimal equals. O(1).
"""

from fractions import Fraction
from itertools import product

from instruction_tuning.verification.quantities import Quantity

_FEWEST_ROUNDED_PLACES = 2


def same_quantity(first: Quantity, second: Quantity) -> bool:
    """Whether two quantities are equal by the rules of this module.

    >>> same_quantity(read_quantity("50%"), read_quantity("1/2"))
    True
    """
    if first.unit and second.unit:
        readings = product(first.unit.readings(), second.unit.readings())
        return any(
            one.dimension == other.dimension and first.value * one.factor == second.value * other.factor
            for one, other in readings
        )
    if first.is_percent != second.is_percent and not (first.unit or second.unit):
        percent, other = (first, second) if first.is_percent else (second, first)
        return other.value in (percent.value, percent.value * 100)
    return first.value == second.value or _is_rounding(first, second) or _is_rounding(second, first)


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
