"""Plain Python values as JSON and back: what passes between a program and its tests.

Numbers, text, bytes, lists, tuples, sets, dicts and None, of any depth that JSON has; nothing that carries
code, so that a value whose `==` lies cannot get to the test that asks. Anything else stays where it is and
is named by a number, which its owner can be handed again.
"""

from typing import Any

Json = Any

_LARGE = 1 << 1024


class Opaque:
    """A value of the program that only the program can use; equal to itself alone."""

    def __init__(self, number: int, kind: str) -> None:
        self.number = number
        self.kind = kind

    def __repr__(self) -> str:
        return f"<a {self.kind} in the program, not a plain value>"


def encode(value: Any, kept: list[Any] | None = None) -> Json:
    """`value` for JSON; what is not plain goes to `kept`. TypeError where there is no `kept`."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        # Decimal digits are bounded and slow (sys.int_info); hexadecimal ones are neither.
        return int(value) if -_LARGE < value < _LARGE else {"int": hex(value)}
    if isinstance(value, float):
        return float(value)
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": value.hex()}
    for kind in (list, tuple, set, frozenset):
        if isinstance(value, kind):
            return {kind.__name__: [encode(item, kept) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[encode(key, kept), encode(item, kept)] for key, item in value.items()]}
    if isinstance(value, Opaque):
        return {"opaque": [value.number, value.kind]}
    if kept is None:
        raise TypeError(f"the tests hand over a {type(value).__name__}; plain values can be handed over")
    kept.append(value)
    return {"opaque": [len(kept) - 1, type(value).__name__]}


def decode(coded: Json, kept: list[Any] | None = None) -> Any:
    """The value again; ValueError where `coded` is of no such form."""
    if not isinstance(coded, dict):
        if isinstance(coded, list):
            raise ValueError("a bare list")
        return coded
    if len(coded) != 1:
        raise ValueError("not a coded value")
    kind, content = next(iter(coded.items()))
    if kind == "dict":
        return {decode(key, kept): decode(item, kept) for key, item in content}
    if kind == "complex":
        return complex(*content)
    if kind == "int":
        return int(content, 16)
    if kind == "bytes":
        return bytes.fromhex(content)
    if kind == "opaque":
        number, name = int(content[0]), str(content[1])[:60]
        return Opaque(number, name) if kept is None else kept[number]
    sequence = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}[kind]
    return sequence(decode(item, kept) for item in content)
