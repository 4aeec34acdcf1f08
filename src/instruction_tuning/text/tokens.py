"""Cutting a text into comparable tokens: words, numbers, single Han characters, symbols that carry meaning.

Case, spacing and punctuation are no tokens, but operators are (`47 + 25` is not `47 - 25`), and so is any
symbol that is not plain punctuation (emoji, currency). `content_tokens` further leaves out a short closed
list of polite words and articles, so that "Could you please sort 3 1 2?" has the content of "Sort 3 1 2".
The list is short on purpose: a word that may decide what is asked (to, from, before, not, all, what) is
never on it.
"""

import re

from instruction_tuning.text.languages import HAN, KANA_AND_HANGUL

Tokens = tuple[str, ...]

_CHARACTERS = f"{HAN}{KANA_AND_HANGUL}"
_PUNCTUATION = (
    r""".,;:!?'"`()\[\]{}\-"""
    "\u00a1\u00ab\u00b7\u00bb\u00bf\u2010-\u2015\u2018-\u201f\u2026\u2212\u3001-\u3003\u3008-\u3011"
)
_TOKEN = re.compile(
    rf"[{_CHARACTERS}]"  # one Han, kana or Hangul character
    r"|\d+(?:[.,]\d+)*"  # a number
    rf"|[^\W\d_{_CHARACTERS}]+"  # a word of any other script
    r"|[-\u2212\u2013](?=\s*\d)"  # a minus, not a hyphen
    rf"|[^\w\s{_PUNCTUATION}]"  # any other symbol
)
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}

POLITE_WORDS_AND_ARTICLES = frozenset(
    (
        *("a", "an", "the", "please", "kindly", "can", "could", "will", "would", "you", "just"),
        *("hi", "hello", "hey", "thanks", "thank"),
    )
)
# Longer phrases before the shorter ones that begin them.
_CHINESE_POLITENESS = re.compile(
    "请问|请|麻烦|能否|能不能|可以|帮我|帮忙|一下|谢谢|您|你|吗|呢|吧|啊|呀|的|了"
)
NEGATIONS = frozenset(
    ("not", "no", "never", "without", "except", "nor", "t", *"不没無无非别勿未")  # t: as in don't
)


def punctuation_and_spaces() -> str:
    """A regular expression for one character that is no part of any token."""
    return rf"[_\s{_PUNCTUATION}]"


def tokens(text: str) -> Tokens:
    """All tokens of `text` in order, case-folded, with full-width forms as plain ones."""
    return tuple(_TOKEN.findall(plain_forms(text)))


def plain_forms(text: str) -> str:
    """Case-folded, with full-width forms as plain ones."""
    return text.translate(_FULL_WIDTH).casefold()


def token_spans(text: str) -> list[tuple[str, int, int]]:
    """The tokens of `text` with where each begins and ends in it, in characters."""
    found = _TOKEN.finditer(text.translate(_FULL_WIDTH))
    return [(match[0].casefold(), match.start(), match.end()) for match in found]


def content_tokens(text: str) -> Tokens:
    """The tokens that say what is asked, in order: without polite words and articles.

    Words in capitals inside a text that is not all capitals keep their case: `ABBA` and the lone letter `A`
    are codes, not the word `abba` and an article.
    """
    plain = text.translate(_FULL_WIDTH)
    if not plain.isascii():
        plain = _CHINESE_POLITENESS.sub(" ", plain)
    if plain.isupper():
        plain = plain.casefold()
    kept = []
    for position, token in enumerate(_TOKEN.findall(plain)):
        is_code = token.isupper() and (len(token) > 1 or position > 0)
        word = token if is_code else token.casefold()
        if word not in POLITE_WORDS_AND_ARTICLES:
            kept.append(word)
    return tuple(kept)


def numbers(sequence: Tokens) -> Tokens:
    """The numbers among tokens, in order."""
    return tuple(token for token in sequence if token[0].isdigit())


def negations(sequence: Tokens) -> Tokens:
    """The negating words among tokens, in order."""
    return tuple(token for token in sequence if token.casefold() in NEGATIONS)
