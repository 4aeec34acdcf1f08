"""Running one-line Python programs without running Python: a small interpreter over a closed list of forms.

`def f(x): return x + 3`, `lambda x: x + 3` and the bare expression `x + 3` are the same program. Allowed are
whole numbers, strings and lists, + - * // %, comparison, indexing and slicing, a conditional, and calls of
`abs len list max min reversed sorted str sum`. Everything else is refused; nothing is ever handed to `eval`.
Values are bounded, so that a program cannot eat memory. O(size of the program and of its values).
"""

import ast
import operator
import re
import warnings
from collections.abc import Callable
from typing import Any

Value = Any
_LARGEST_NUMBER = 10**12
_LONGEST = 1_000
_LONGEST_PROGRAM = 200
_PROGRAM = re.compile(
    r"(?:def\s+\w+\(\s*(?P<name>\w+)\s*\)\s*:\s*return|lambda\s+(?P<bound>\w+)\s*:)\s+(?P<body>.+)"
)
_BINARY: dict[type[ast.operator], Callable[[Value, Value], Value]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Value, Value], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_CALLS: dict[str, Callable[..., Value]] = {
    "abs": abs,
    "len": len,
    "list": list,
    "max": max,
    "min": min,
    "reversed": lambda value: value[::-1],
    "sorted": sorted,
    "str": str,
    "sum": sum,
}


class UnsupportedProgramError(ValueError):
    """The program is not one of the forms that are allowed, or its value is out of bounds."""


def run_program(text: str, argument: Value) -> Value:
    """The value of the program in `text` at `argument`.

    Raises `UnsupportedProgramError` for what is not allowed and for errors of the program itself.

    >>> run_program("def f(x): return sorted(x)[0]", [3, 1, 2])
    1
    """
    found = _PROGRAM.search(text)
    name = (found["name"] or found["bound"]) if found else "x"
    body = found["body"] if found else text
    if len(body) > _LONGEST_PROGRAM:
        raise UnsupportedProgramError("the program is too long")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # about programs of a model, not about this one
            tree = ast.parse(body.strip(), mode="eval")
        return _value(tree.body, {name: argument})
    except UnsupportedProgramError:
        raise
    except (ArithmeticError, LookupError, RecursionError, SyntaxError, TypeError, ValueError) as error:
        raise UnsupportedProgramError(f"{type(error).__name__}: {error}") from error


def _value(node: ast.expr, names: dict[str, Value]) -> Value:
    match node:
        case ast.Constant(value=bool() | int() | str() as value):
            result: Value = value
        case ast.Name(id=name) if name in names:
            result = names[name]
        case ast.List(elts=parts):
            result = [_value(part, names) for part in parts]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            result = -_value(operand, names)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            result = _binary(type(op), _value(left, names), _value(right, names))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            result = _COMPARE[type(op)](_value(left, names), _value(right, names))
        case ast.IfExp(test=test, body=body, orelse=other):
            result = _value(body if _value(test, names) else other, names)
        case ast.Subscript(value=of, slice=at):
            result = _value(of, names)[_index(at, names)]
        case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]) if name in _CALLS:
            result = _CALLS[name](*(_value(part, names) for part in parts))
        case _:
            raise UnsupportedProgramError(f"{type(node).__name__} is not allowed")
    return _bounded(result)


def _binary(op: type[ast.operator], left: Value, right: Value) -> Value:
    if op is ast.Mult and not (isinstance(left, int) and isinstance(right, int)):
        times = left if isinstance(left, int) else right
        if isinstance(times, int) and times > _LONGEST:
            raise UnsupportedProgramError("the value is too long")
    return _BINARY[op](left, right)


def _index(node: ast.expr, names: dict[str, Value]) -> Value:
    if not isinstance(node, ast.Slice):
        return _value(node, names)
    return slice(*(part and _value(part, names) for part in (node.lower, node.upper, node.step)))


def _bounded(value: Value) -> Value:
    if isinstance(value, int) and abs(value) > _LARGEST_NUMBER:
        raise UnsupportedProgramError("the number is too large")
    if isinstance(value, str | list) and len(value) > _LONGEST:
        raise UnsupportedProgramError("the value is too long")
    return value
