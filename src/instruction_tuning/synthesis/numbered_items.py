"""Numbered items in a model's reply, in their order; what is wrong with one costs the others nothing.

The published Self-Instruct code throws a whole completion away that ran into its length limit, splits at any
line that begins with a number, and writes all but the first letter small. Here only the last item of a reply
that was cut off is lost, only the next number in order opens an item, and texts stay as they are.
O(characters).
"""

import re
from typing import NamedTuple

_OPENED = re.compile(
    r"^[ \t]*(?:\*\*|#+ *)?(?:(?:task|exercise|任务|题目) ?)?(\d{1,3})[ \t]*[.):、．：][ \t]*", re.I | re.M
)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")


class Item(NamedTuple):
    """The text of an item, and why it is none (null: nothing speaks against it)."""

    text: str
    drop_reason: str | None


def numbered_items(
    reply: str, *, most: int, is_cut_off: bool, continued_from: int | None = None
) -> list[Item]:
    """The items of `reply`, of which those behind the first `most` are surplus.

    `continued_from` is the number that the prompt ended with, where the reply goes on with a text and not
    with a number of its own; what a plain model then writes behind an item's first blank line is not part
    of it.

    >>> numbered_items("1. Sort 3 1 2.\\n2. Name a", most=8, is_cut_off=True)
    [Item(text='Sort 3 1 2.', drop_reason=None), Item(text='Name a', drop_reason='cut_off')]
    """
    text = reply if continued_from is None else f"{continued_from}. {reply}"
    texts = _split(text)
    last = len(texts) - 1
    items = []
    for number, whole in enumerate(texts):
        item = whole
        if continued_from is not None:
            item = _BLANK_LINE.split(whole, maxsplit=1)[0].strip()
        is_open_ended = is_cut_off and number == last and item == whole
        items.append(Item(item, _fault(item, number >= most, is_open_ended)))
    return items


def _split(text: str) -> list[str]:
    texts: list[str] = []
    start, expected = None, None
    for opened in _OPENED.finditer(text):
        number = int(opened[1])
        if expected is not None and number != expected:
            continue  # a list, or a sum, inside an item
        if start is not None:
            texts.append(text[start : opened.start()].strip())
        start, expected = opened.end(), number + 1
    return texts if start is None else [*texts, text[start:].strip()]


def _fault(text: str, is_surplus: bool, is_cut_off: bool) -> str | None:
    if is_surplus:
        return "surplus"
    if is_cut_off:
        return "cut_off"
    return None if text else "empty"
