"""English words without the endings of their forms, so that `rewriting` and `rewrites` are one tag.

After the ideas of Porter 1980, kept to what tags need: plurals, `-ing`, `-ed`, `-ion`, and the final `e` that
comes and goes with them. Derived words stay apart (`general`, `generate`), which merges too little
rather than too much. O(characters). Words of other scripts are left as they are.

Why not NLTK's Snowball stemmer, which only other packages bring along: it takes seconds to import, makes one
tag of `organ` and `organize`, and two of `classify` and `classification`.
"""

import re

# What the endings would take to the stem of another word.
_AS_THEY_ARE = frozenset({"news", "question", "series", "species"})
_VOWEL = re.compile(r"[aeiouy]")
_SHORTEST = 3


def stem(word: str) -> str:
    """The stem of one word in small letters; it need not be a word.

    >>> [stem(word) for word in ("classifies", "classification", "programming", "string")]
    ['classif', 'classif', 'program', 'string']
    """
    if not (word.isascii() and word.isalpha()) or len(word) <= _SHORTEST:
        return word
    if (singular := _singular(word)) in _AS_THEY_ARE:
        return singular
    base = _without_form(singular)
    if base.endswith("ie"):
        return f"{base[:-2]}y"  # as `movies` has become
    return base[:-1] if base.endswith(("e", "ify")) and len(base) > _SHORTEST else base


def _singular(word: str) -> str:
    if word in _AS_THEY_ARE or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    return f"{word[:-3]}y" if word.endswith("ies") and len(word) > 4 else word[:-1]


def _without_form(word: str) -> str:
    for ending, stays in (("ification", "if"), ("ization", "iz"), ("isation", "is")):
        if word.endswith(ending):
            return word.removesuffix(ending) + stays
    if word.endswith("ied"):
        return f"{word[:-3]}y"
    if word.endswith(("tion", "sion")) and len(word) > 7:
        return word[:-3]
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= _SHORTEST and _VOWEL.search(rest) and not word.endswith("eed"):
            return _undoubled(rest)
    return word


def _undoubled(word: str) -> str:
    """`programm` is `program`; `spell` and `discuss` are themselves."""
    return word[:-1] if word[-1] == word[-2] and word[-1] not in "aeiouylsz" else word
