"""Evolutions that are none: nothing was said, nothing was changed, or the prompt shines through.

The eliminations of Evol-Instruct (WizardLM, arXiv 2304.12244), section 3: no gain over what was there, a
model that declines, mere punctuation and function words, words of the evolving prompt copied over.
O(characters).
Departures: whether something was gained is told by comparing the texts, for which no model is asked; an
evolved request counts as declined where the reply declines in its place, not where a second reply to it
does.
"""

import re
import unicodedata
from collections.abc import Sequence

from instruction_tuning.prompts.files import Prompt
from instruction_tuning.text.refusals import begins_with_refusal, declines

OK, UNCHANGED, LEAKED, UNANSWERED = "ok", "unchanged", "leaked_prompt", "unanswered"

_REVISED = re.compile(
    r"^[\s*_#>]*(?:revised answer|修改后的回答|修订后的回答)[\s*_]*[:：][\s*_]*(.*)",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_MARKER_LINE = re.compile(r"^\[[^\]\n]+\]$", re.MULTILINE)
# How replies speak of what they were asked to write, in the words of the project's prompts.
_TALKS_OF_IT = (
    *("new request", "given request", "rewritten request", "evolved request", "changed request"),
    *("request to change", "revised answer", "critique:"),
    *("given prompt", "new prompt", "rewritten prompt", "evolved prompt", "created prompt"),
    *("新请求", "新的请求", "改写后的请求", "修改后的回答"),
)
_FUNCTION_WORDS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "in", "is", "it", "of", "on", "or"),
        *("so", "that", "the", "this", "to", "was", "with", "的", "了", "是", "在", "和"),
    )
)
_WORD = re.compile(r"\w+")
_WORD_OR_MARK = re.compile(r"\w+|[^\w\s.,;:!?\"'`。，；：！？、…]")


def evolution_status(
    text: str, earlier: Sequence[str], prompt: Prompt, *, is_request: bool, may_decline: bool = False
) -> str:
    """`ok`, or what keeps `text` from being a version of the `earlier` ones, the last of which it came from.

    An answer may be a single function word, a request may not; with `may_decline` it may decline.
    """
    is_empty = says_nothing(text) if is_request else not text.strip()
    is_refusal = begins_with_refusal(text.strip()) and not (may_decline and declines(text.strip()))
    if is_empty or is_refusal:
        return UNANSWERED
    if _bare(text) in {_bare(other) for other in earlier}:
        return UNCHANGED
    return LEAKED if _leaks(text, earlier[-1], prompt) else OK


def says_nothing(text: str) -> bool:
    """Whether there is nothing in `text` but marks and function words."""
    return all(word in _FUNCTION_WORDS for word in _WORD.findall(_folded(text)))


def changing_words(text: str) -> list[str]:
    """What is left of `text` without function words and the marks of sentences; numbers and operators stay.

    >>> changing_words("What is 3 + 4?") == changing_words("what's 3+4")
    False
    >>> changing_words("Name the colour, as a word.") == changing_words("Name a colour as word")
    True
    """
    return [part for part in _WORD_OR_MARK.findall(_folded(text)) if part not in _FUNCTION_WORDS]


def revision(reply: str) -> str | None:
    """What stands behind `Revised answer:` in a critique, or null.

    >>> revision("Critique: it is 12, so wrong.\\nRevised answer: 12")
    '12'
    """
    found = _REVISED.search(reply)
    return (found[1].strip() or None) if found else None


def critique(reply: str) -> str:
    """What stands before `Revised answer:` in a critique; all of it where there is none.

    >>> critique("Critique: it is 12, so wrong.\\nRevised answer: 12")
    'Critique: it is 12, so wrong.'
    """
    found = _REVISED.search(reply)
    return (reply[: found.start()] if found else reply).strip()


def _leaks(text: str, source: str, prompt: Prompt) -> bool:
    """Whether words of the prompt are in `text` that what it was made of does not hold."""
    said, before = _folded(text), _folded(source)
    marks = (*_TALKS_OF_IT, *(mark.casefold() for mark in _MARKER_LINE.findall(prompt.text)))
    return any(mark in said and mark not in before for mark in marks)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _bare(text: str) -> str:
    """Without spaces and final marks, which change nothing; case and operators may be what it is about."""
    return "".join(unicodedata.normalize("NFKC", text).split()).rstrip(".!?。…")
