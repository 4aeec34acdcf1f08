"""Units that answers carry, and their conversion within a dimension: exact factors, no offsets.

Temperatures are compared in their own scale only: a conversion with an offset is a calculation, no spelling.
"""

from dataclasses import dataclass, replace
from fractions import Fraction


@dataclass(frozen=True)
class Unit:
    """`factor` units of the dimension's own are one of this; `or_else` is what else its name may mean."""

    dimension: str
    factor: Fraction
    or_else: tuple["Unit", ...] = ()

    def readings(self) -> tuple["Unit", ...]:
        """All that its name may mean."""
        return (self, *self.or_else)


# By dimension: factor, and the names that a unit goes by, singular and casefolded.
_TABLE: dict[str, tuple[tuple[str, str], ...]] = {
    "length": (
        ("1/1000", "mm millimeter millimetre 毫米"),
        ("1/100", "cm centimeter centimetre 厘米"),
        ("1", "m meter metre 米"),
        ("1000", "km kilometer kilometre 公里 千米"),
        ("0.0254", "inch inche 英寸"),
        ("0.3048", "ft foot feet 英尺"),
        ("0.9144", "yd yard 码"),
        ("1609.344", "mi mile 英里"),
    ),
    "mass": (
        ("1/1000", "mg milligram 毫克"),
        ("1", "g gram 克"),
        ("500", "斤"),
        ("1000", "kg kilogram kilo 千克 公斤"),
        ("1000000", "t ton tonne 吨"),
        ("28.349523125", "oz ounce 盎司"),
        ("453.59237", "lb pound 磅"),
    ),
    "time": (
        ("1/1000", "ms millisecond 毫秒"),
        ("1", "s sec second 秒 秒钟"),
        ("60", "min minute 分钟"),
        ("3600", "h hr hour 小时 个小时"),
        ("86400", "day 天 日"),
        ("604800", "week 周 星期 个星期"),
    ),
    "months": (("1", "month 个月 月"), ("12", "year 年")),
    "volume": (("1/1000", "ml milliliter millilitre 毫升"), ("1", "l liter litre 升")),
    "area": (
        ("1/10000", "cm2 平方厘米"),
        ("1", "m2 平方米"),
        ("1000000", "km2 平方公里"),
    ),
    "dollars": (("1/100", "cent ¢"), ("1", "dollar usd 美元")),
    "yuan": (("1/100", "分"), ("1/10", "角 毛"), ("1", "yuan rmb cny 元 块 块钱 人民币")),
    "euros": (("1", "euro eur 欧元"),),
    "pounds": (("1", "pound sterling|gbp|英镑"),),
    "degrees": (("1", "° degree 度"),),
    "celsius": (("1", "°c|degrees celsius|celsius|摄氏度"),),
    "fahrenheit": (("1", "°f|degrees fahrenheit|fahrenheit|华氏度"),),
    "speed": (("1", "km/h kph"), ("1.609344", "mph"), ("3.6", "m/s")),
    # Counted things: the measure words say nothing of the value.
    "count": (("1", "个 只 本 人 次 名 颗 张 条 件 位 头 棵 支 辆"),),
}


def _names(text: str) -> list[str]:
    return text.split("|") if "|" in text else text.split()


_PLAIN: dict[str, Unit] = {
    name: Unit(dimension, Fraction(factor))
    for dimension, units in _TABLE.items()
    for factor, names in units
    for name in _names(names)
}
_DEGREES = (_PLAIN["°c"], _PLAIN["°f"])
# A pound is a weight and a currency, a degree that of an angle or of either scale.
UNITS: dict[str, Unit] = {
    **_PLAIN,
    "pound": replace(_PLAIN["pound"], or_else=(_PLAIN["gbp"],)),
    **{name: replace(_PLAIN["degree"], or_else=_DEGREES) for name in ("°", "degree", "度")},
}
