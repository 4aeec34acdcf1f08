"""The elements of a JSON array, one by one, so that a broken element costs only itself.

After a fault, reading goes on at the next place that looks like an element of this array: an object that
begins with a field that elements begin with, or that decodes and has more of the elements' fields than of
the fields of what is nested in them (the turns of a conversation). Brackets cannot be counted there, as
the fault is often a missing one. What elements look like is learned from the last good ones, and from
the text behind the fault where there are none. O(length) without faults; with F of them O(F · length) at
worst, when each fault leaves everything behind it nested.

Without a fault no more of the text than a window is in memory; from the first fault on, all that is left.
"""

import itertools
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.raw_row import RawRow, is_encodable

_BLANK = re.compile(r"[\s,]*")
_FIRST_FIELD = re.compile(r'\{\s*"((?:[^"\\]|\\.)*)"\s*:')
_BEHIND_AN_ELEMENT = re.compile(r"\s*(?:[,\]]|\Z)")
# The array's end, also with a semicolon, say, or one brace too many behind it.
_ENDS = re.compile(r"\]\W*\Z")
_GOES_ON = "the array ends, but the file goes on"
_LOOKED_AT_CHARACTERS = 100
_REMEMBERED_ELEMENTS = 100
_LOOKED_AT_OBJECTS = 1000
_WINDOW_CHARACTERS = 1 << 20
_LONGEST_ELEMENT_CHARACTERS = 1 << 24

_DECODER = json.JSONDecoder()


def streamed_array_rows(start: str, read: Callable[[int], str]) -> Iterator[RawRow]:
    """A row for every element of an array, and for everything between them.

    `start` is the text up to the bracket or beyond it; `read` gives on so many characters, with -1 all.
    """
    recent: deque[dict[str, object]] = deque(maxlen=_REMEMBERED_ELEMENTS)
    text, position, number, dropped = start, start.index("[") + 1, 0, _Dropped()
    window, ended = _WINDOW_CHARACTERS, False
    while not ended:
        position = _end_of_blank(text, position)
        decoded = _element(text, position, dropped) if position < len(text) else ""
        if isinstance(decoded, tuple) and _is_complete(text, *decoded):
            value, end = decoded
            if isinstance(value, dict):
                recent.append(value)
            yield object_row(number, text[position:end], value)
            position, number, window = end, number + 1, _WINDOW_CHARACTERS
        elif len(text) - position > _LONGEST_ELEMENT_CHARACTERS:
            break
        else:  # cut off by the window, or faulty: a longer window tells
            more = read(window)
            dropped = dropped.and_then(text[:position])
            text, position, ended, window = text[position:] + more, 0, not more, 2 * window
    dropped = dropped.and_then(text[:position])
    yield from _rows_behind(text[position:] + read(-1), number, recent, dropped)


@dataclass(frozen=True, slots=True)
class _Dropped:
    """What stood in the file before a window, so that messages can name places in the file."""

    characters: int = 0
    lines: int = 0
    columns: int = 0

    def and_then(self, text: str) -> "_Dropped":
        """With `text` dropped, too."""
        lines = text.count("\n")
        columns = len(text) - text.rfind("\n") - 1 if lines else self.columns + len(text)
        return _Dropped(self.characters + len(text), self.lines + lines, columns)

    def in_words(self, error: Exception) -> str:
        """The message of `error`, with its place in the file."""
        if not isinstance(error, json.JSONDecodeError):
            return str(error)[:200]
        line, column = error.lineno + self.lines, error.colno + (self.columns if error.lineno == 1 else 0)
        return f"{error.msg}: line {line} column {column} (char {error.pos + self.characters})"[:200]


def _is_complete(text: str, value: object, end: int) -> bool:
    """Whether the window cannot have cut off the value that ends at `end`: a brace closes, a number may go
    on."""
    return isinstance(value, dict) or _end_of_blank(text, end) < len(text)


def _rows_behind(
    text: str, number: int, recent: deque[dict[str, object]], dropped: _Dropped
) -> Iterator[RawRow]:
    position = 0
    while (position := _end_of_blank(text, position)) < len(text):
        if text[position] == "]" and not text[position + 1 :].strip():
            return
        decoded = _element(text, position, dropped)
        if isinstance(decoded, str):
            end = _next_element(text, position + 1, recent)
            is_cut_off = (
                end == len(text) and decoded != _GOES_ON and not _ENDS.search(text[-_LOOKED_AT_CHARACTERS:])
            )
            reason = "cut_off_file" if is_cut_off else "invalid_json"
            yield _broken_row(number, text[position:end], reason, decoded)
            if end == len(text):
                return
        else:
            value, end = decoded
            if isinstance(value, dict):
                recent.append(value)
            yield object_row(number, text[position:end], value)
        position, number = end, number + 1
    yield RawRow(number, None, "", Fault("cut_off_file", detail="the array is not closed"))


def object_row(number: int, text: str, value: object) -> RawRow:
    """The row that `text`, decoded to `value`, is: one with a fault where it has no named fields."""
    if not is_encodable(text):
        return RawRow(number, None, text, Fault("invalid_encoding", detail="not UTF-8"))
    if not isinstance(value, dict):
        return RawRow(number, None, text, Fault("not_an_object", detail=f"a JSON {type(value).__name__}"))
    return RawRow(number, value, text)


def _element(text: str, position: int, dropped: _Dropped) -> tuple[object, int] | str:
    """The value at `position` and its end, or what is wrong with it."""
    if text[position] == "]":
        return _GOES_ON
    try:
        value, end = _DECODER.raw_decode(text, position)
    except (ValueError, RecursionError) as error:
        return dropped.in_words(error)
    if not isinstance(value, dict) and not _BEHIND_AN_ELEMENT.match(text, end):
        return f"a JSON {type(value).__name__} without a comma behind it"  # the name of a field, say
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return "a list of objects inside the array"  # they may be all the elements that are left
    return value, end


def _broken_row(number: int, text: str, reason: str, detail: str) -> RawRow:
    text = text.rstrip(", \t\r\n")
    return RawRow(number, None, text, Fault(reason, detail=detail))


def _end_of_blank(text: str, position: int) -> int:
    found = _BLANK.match(text, position)
    return found.end() if found else position


@dataclass(frozen=True, slots=True)
class _Shape:
    """What tells elements from the objects nested in them: fields, first fields."""

    fields: frozenset[str]
    nested_fields: frozenset[str]
    first_fields: frozenset[str]

    def fits(self, fields: Iterable[str]) -> bool:
        """Whether at least half of `fields` are known of elements, and no more of nested objects."""
        names = set(fields)
        known = len(names & self.fields)
        return known > 0 and 2 * known >= len(names) and known >= len(names & self.nested_fields)


def _shape_of(elements: Iterable[dict[str, object]]) -> _Shape:
    fields, firsts, nested_fields, nested_firsts = set[str](), set[str](), set[str](), set[str]()
    for element in elements:
        fields.update(element)
        firsts.update(itertools.islice(element, 1))
        for inner in _nested_objects(element):
            nested_fields.update(inner)
            nested_firsts.update(itertools.islice(inner, 1))
    return _Shape(frozenset(fields), frozenset(nested_fields), frozenset(firsts - nested_firsts))


def _nested_objects(element: dict[str, object]) -> Iterator[dict[str, object]]:
    waiting: list[object] = list(element.values())
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _next_element(text: str, position: int, recent: Sequence[dict[str, object]]) -> int:
    """Where the next element begins at or after `position`; the end of the text when nothing looks like one.

    The shape of the text ahead is the second resort: after the last good element the fields may change.
    """
    found = _find(text, position, _shape_of(recent))
    if found is None:
        found = _find(text, position, _shape_of(_elements_ahead(text, position - 1, recent)))
    return len(text) if found is None else found


def _find(text: str, position: int, shape: _Shape) -> int | None:
    while shape.fields and (position := text.find("{", position)) >= 0:
        first = _FIRST_FIELD.match(text, position)
        if first and first[1] in shape.first_fields:
            return position
        value, end = _object_at(text, position)
        if value is not None and shape.fits(value):
            return position
        position = end
    return None


def _elements_ahead(text: str, fault: int, recent: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Objects behind the faulty element at `fault` that may be elements.

    They are unlike what is nested in others of them and in `recent`. Where there are none of these, they
    have the faulty element's first field, if that is readable: else its own turns would pass.
    """
    objects: list[dict[str, object]] = []
    position = fault + 1
    while len(objects) < _LOOKED_AT_OBJECTS and (position := text.find("{", position)) >= 0:
        value, position = _object_at(text, position)
        if value:
            objects.append(value)
    if not recent and (first := _FIRST_FIELD.match(text, fault)):
        return [value for value in objects if first[1] in value]
    nested = {frozenset(inner) for value in (*recent, *objects) for inner in _nested_objects(value)}
    return [value for value in objects if frozenset(value) not in nested]


def _object_at(text: str, position: int) -> tuple[dict[str, object] | None, int]:
    """The object at the brace at `position` and its end; null and the next character where it is broken."""
    try:
        value, end = _DECODER.raw_decode(text, position)
    except (ValueError, RecursionError):
        return None, position + 1
    return value, end
