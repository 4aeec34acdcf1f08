"""Repairs to a text that do not change what it says, each recorded as a flag on the record."""

import re
import unicodedata
from collections.abc import Collection
from html import unescape

UNICODE_NORMALIZED = "unicode_normalized"
LINE_ENDS_NORMALIZED = "line_ends_normalized"
INVISIBLE_REMOVED = "invisible_removed"
WHITESPACE_STRIPPED = "whitespace_stripped"
INPUT_PLACEHOLDER_REMOVED = "input_placeholder_removed"

# Zero-width space, word joiner, byte-order mark and NUL. The joiners U+200C and U+200D stay: emoji and
# several scripts are written with them.
_INVISIBLE = "\u200b\u2060\ufeff\0"
_NOTHING = dict.fromkeys(map(ord, _INVISIBLE))
_NOT_A_LETTER = re.compile(r"[^\w/]+|_")


def repair(text: str) -> tuple[str, list[str]]:
    """`text` in Unicode form NFC, with `\\n` line ends, without invisible characters and without white space
    around it; and what was changed."""
    flags = []
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
        flags.append(UNICODE_NORMALIZED)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        flags.append(LINE_ENDS_NORMALIZED)
    if any(character in text for character in _INVISIBLE):
        text = text.translate(_NOTHING)
        flags.append(INVISIBLE_REMOVED)
    stripped = text.strip()
    if stripped != text:
        flags.append(WHITESPACE_STRIPPED)
    return stripped, flags


def is_placeholder(text: str, placeholders: Collection[str]) -> bool:
    """Whether `text` only says that there is nothing: `<noinput>`, "No input.", `&lt;无输入&gt;`.

    Compared without case, spaces and punctuation; `placeholders` are written that way.
    """
    return len(text) <= 40 and _NOT_A_LETTER.sub("", unescape(text)).casefold() in placeholders
