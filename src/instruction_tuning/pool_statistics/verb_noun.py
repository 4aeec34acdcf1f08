"""Verb-noun pairs of many texts: which are how frequent.

Self-Instruct (arXiv 2212.10560, fig. 2) draws the 20 most frequent verbs with their 4 most frequent objects;
GPT-4-LLM (2304.03277, fig. 2) the 25 most frequent pairs of the answers, and those above a frequency of 10.
`english_verb_noun` and `chinese_verb_noun` say how a pair is found. O(characters); of the texts only counts
are kept.
"""

from collections import Counter
from collections.abc import Callable, Iterable

import pandas as pd

from instruction_tuning.pool_statistics.chinese_verb_noun import chinese_verb_noun
from instruction_tuning.pool_statistics.english_verb_noun import NOTHING, VerbNoun, english_verb_noun

COLUMNS = ("language", "verb", "noun", "count")
_FINDERS: dict[str, Callable[[str], VerbNoun]] = {"en": english_verb_noun, "zh": chinese_verb_noun}
# What a first sentence can be looked for in; the rest of a long answer is not cut up.
_MAX_CHARACTERS = 1200


def verb_noun(text: str, language: str) -> VerbNoun:
    """The pair of one text; without verb and noun in a language for which there are no rules."""
    find = _FINDERS.get(language)
    return NOTHING if find is None else find(text[:_MAX_CHARACTERS])


def verb_noun_counts(texts: Iterable[str], languages: Iterable[str]) -> pd.DataFrame:
    """How often each pair occurs in each language; `COLUMNS`, the most frequent first.

    Texts without a verb or without an object count under an empty verb or noun, so that all counts together
    are the number of texts.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    for text, language in zip(texts, languages, strict=True):
        found = verb_noun(text, language)
        counts[language, found.verb or "", found.noun or ""] += 1
    frame = pd.DataFrame([(*key, count) for key, count in counts.items()], columns=list(COLUMNS))
    frame = frame.astype({"language": "str", "verb": "str", "noun": "str", "count": "int64"})
    order = ["count", "language", "verb", "noun"]
    return frame.sort_values(order, ascending=[False, True, True, True], ignore_index=True)


def frequent_pairs(counts: pd.DataFrame, *, at_least: int) -> pd.DataFrame:
    """`counts` without the pairs that are rarer; texts without a pair stay counted."""
    return counts[(counts["count"] >= at_least) | (counts["noun"] == "")].reset_index(drop=True)


def top_pairs(
    counts: pd.DataFrame, *, language: str, most: int | None = 25, at_least: int = 1
) -> pd.DataFrame:
    """The pairs of a language with verb and noun: the `most` frequent, those that occur `at_least` so often.

    `most` null: all of them.
    """
    is_pair = (counts["verb"] != "") & (counts["noun"] != "") & (counts["language"] == language)
    pairs = counts[is_pair & (counts["count"] >= at_least)].reset_index(drop=True)
    return pairs if most is None else pairs.head(most)
