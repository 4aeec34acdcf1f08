"""Reading the answer out of a model's text; one extractor for responses and for gold answers.

Kinds of answer:
    number  the last integer of the text, with an optional minus;
    span    the first line that is not empty: what follows the last of `is are reads : = -> 是 为` on it,
            or the whole line where none occurs; quotes, spaces and a final . or ! taken off;
    line    the first line that is not empty, stripped in the same way: lists, sentences and programs,
            which are scored in part (answer_score.py).

Both are NFKC-folded first (full-width digits and colons, non-breaking spaces), a Unicode minus counts
as a minus, leading zeros are dropped, and spans are compared without case. A text that holds no answer
gives None, which lm-eval's samples call `[invalid]`; the share of texts with an answer is the extraction
rate. `VERSION` changes with every change of these rules, so that stored results are measured again.
"""

import re
import unicodedata

VERSION = "3"
ANSWER_KINDS = ("number", "span", "line")

_INTEGER = re.compile(r"(?<![0-9])-?[0-9]+")
_CONNECTOR = re.compile(r"\b(?:is|are|reads)\b|[:=]|->|→|是|为")
_QUOTES_AND_SPACE = " \t\"'`“”‘’「」『』"
_FINAL_MARKS = ".。!"


def extract_answer(text: str, kind: str) -> str | None:
    """The normalised answer of `kind` in `text`, or None where there is none.

    >>> extract_answer("7+5=12, so 12.", "number")
    '12'
    >>> extract_answer("The capital of Velor is “Miran”.", "span")
    'miran'
    """
    if kind not in ANSWER_KINDS:
        raise ValueError(f"unknown kind of answer {kind!r}; there are {', '.join(ANSWER_KINDS)}")
    folded = unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-")
    if kind == "number":
        return _last_integer(folded)
    return _first_span(folded) if kind == "span" else _bare(first_line(folded)) or None


def _last_integer(text: str) -> str | None:
    found = _INTEGER.findall(text)
    if not found:
        return None
    digits = found[-1].lstrip("-").lstrip("0") or "0"
    return f"-{digits}" if found[-1].startswith("-") and digits != "0" else digits


def _first_span(text: str) -> str | None:
    return _bare(_CONNECTOR.split(first_line(text))[-1]).casefold() or None


def first_line(text: str) -> str:
    """The first line of `text` that is not empty, else the empty string."""
    return next((line for line in text.splitlines() if line.strip()), "").strip()


def readings(line: str) -> list[str]:
    """What the answer on a line may be: the line, what follows its last colon, its last connector."""
    return [line, re.split("[:：]", line)[-1].strip(), _CONNECTOR.split(line)[-1].strip()]


def _bare(text: str) -> str:
    return " ".join(text.strip(_QUOTES_AND_SPACE + _FINAL_MARKS).split())
