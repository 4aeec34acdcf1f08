"""What each code point counts for in shingles: its class, and its number in hashes."""

import re
from functools import cache
from threading import Lock
from typing import Any

import numpy as np

from instruction_tuning.text.languages import HAN, KANA_AND_HANGUL
from instruction_tuning.text.ngram_hashes import mixed
from instruction_tuning.text.tokens import punctuation_and_spaces

Array = np.ndarray[Any, np.dtype[Any]]

SEPARATOR, LETTER, DIGIT, ALONE, DASH, EXPANDS = range(6)
CASED_END = 0x1F000  # no code point from here on is case-folded to another
LETTERS_END = 0x33480  # no letter, digit, space or punctuation has this code point or a higher one
_ENDS = (LETTERS_END, 0x110000)
_MAKING = Lock()
_ODD = 0x9E3779B97F4A7C15


def tables_for(highest: int) -> tuple[Array, Array]:
    """Classes (uint8) and numbers (uint64) by code point, up to `highest` at least; made once."""
    with _MAKING:
        return _tables(next(end for end in _ENDS if highest < end))


@cache
def _tables(end: int) -> tuple[Array, Array]:
    """Of each code point before `end`, case-folded and as a plain form: what it is (separator, letter, digit,
    a token of its own, a dash, or what folds to no other one), and its number in hashes, 0 for separators and
    dashes."""
    folded, expands = _folded(end)
    text = "".join(map(chr, range(min(end, LETTERS_END))))
    classes = np.full(end, ALONE, np.uint8)
    for pattern, kind in (
        (punctuation_and_spaces(), SEPARATOR),
        (r"[^\W\d_]", LETTER),
        (r"\d", DIGIT),
        (f"[{HAN}{KANA_AND_HANGUL}]", ALONE),
    ):
        for run in re.finditer(f"(?:{pattern})+", text):
            classes[slice(*run.span())] = kind
    classes[[0x2D, 0x2212, 0x2013]] = DASH
    classes = classes[folded]
    values = mixed((folded.astype(np.uint64) + np.uint64(1)) * np.uint64(_ODD))
    values[np.isin(classes, (SEPARATOR, DASH))] = 0
    classes[expands] = EXPANDS
    return classes, values


def _folded(end: int) -> tuple[Array, list[int]]:
    """What each code point is, case-folded and plain; and those that fold to several, or beyond `end`."""
    folded, expands = np.arange(end), []
    for code in range(min(end, CASED_END)):
        letters = chr(code).casefold()
        if len(letters) == 1 and ord(letters) < end:
            folded[code] = ord(letters)
        else:
            expands.append(code)
    full_width = (folded > 0xFF00) & (folded < 0xFF5F)
    return np.where(full_width, folded - 0xFEE0, folded), expands
