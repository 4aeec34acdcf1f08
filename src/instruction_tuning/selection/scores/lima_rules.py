"""LIMA's rules for questions and answers from the web, as a program: lengths, and what does not stand alone.

Zhou et al. 2023, LIMA (arXiv 2305.11206), section 2.1. Of Stack Exchange it takes questions that a title
alone makes clear, and answers of 1,200 to 4,096 characters that are not in the first person and do not
refer to other answers; links, images and tags are stripped.

    lima_score = 1 - violated rules / rules

One pass over prompt and answer; O(characters).
Departures: the rules are read in Chinese too, with the same bounds, though a Chinese character says more;
what LIMA strips counts as a rule here, as nothing is rewritten; its threshold on votes has no counterpart.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd

from instruction_tuning.selection.exchanges import exchanges
from instruction_tuning.selection.scores import lima_phrases

RULES = ("length", "first_person", "reference", "link", "image", "html", "title")
_OF_ANSWER = {
    "first_person": lima_phrases.first_person,
    "reference": lima_phrases.reference,
    "link": lima_phrases.link,
    "image": lima_phrases.image,
    "html": lima_phrases.html,
}
_WORDS = {
    "length": "an answer of {}",
    "first_person": "first person (“{}”)",
    "reference": "points elsewhere (“{}”)",
    "link": "a link ({})",
    "image": "an image ({})",
    "html": "HTML ({})",
    "title": "a question that does not stand alone (“{}”)",
}
_SHOWN_CHARACTERS = 40


def lima_rules(
    pool: pd.DataFrame,
    *,
    min_answer_characters: int = 1_200,
    max_answer_characters: int = 4_096,
    length_sources: Collection[str] | None = None,
) -> pd.DataFrame:
    """lima_score in [0, 1], `violated` (names of RULES) and `evidence` (a text each), by record id.

    `pool` has record_id, messages, answer, source. The length holds for records of `length_sources`, null
    for all: answers that people wrote for the web, not those that are short by nature. Without an answer
    the score is NaN, and nothing counts as violated.
    """
    first = exchanges(pool)
    titles = first[first["turn"] == 0].set_index("record_id")["instruction"].to_dict()
    violated, evidence, scores = [], [], []
    for record_id, answer, source in zip(pool["record_id"], pool["answer"], pool["source"], strict=True):
        if not isinstance(answer, str):
            found, score = {}, np.nan
        else:
            bounds = None
            if length_sources is None or source in length_sources:
                bounds = (min_answer_characters, max_answer_characters)
            found = _violations(titles.get(record_id, ""), answer, bounds)
            score = 1 - len(found) / len(RULES)
        violated.append(list(found))
        evidence.append(list(found.values()))
        scores.append(score)
    return pd.DataFrame(
        {"lima_score": np.array(scores, dtype=np.float64), "violated": violated, "evidence": evidence},
        index=pd.Index(pool["record_id"].astype("str"), name="record_id"),
    )


def lima_rule_exclusions(rules: pd.DataFrame, *, max_violated: int = 0) -> pd.Series:
    """Why records break more than `max_violated` rules, by record id; the others are not in it."""
    broken = rules[[len(names) > max_violated for names in rules["violated"]]]
    return pd.Series(
        [
            "left out by LIMA's rules: " + ", ".join(map(_in_words, names, texts))
            for names, texts in zip(broken["violated"], broken["evidence"], strict=True)
        ],
        index=broken.index,
        name="exclusion",
        dtype="str",
    )


def _violations(title: str, answer: str, bounds: tuple[int, int] | None) -> dict[str, str]:
    """Each violated rule with what shows it, in the order of RULES."""
    found: dict[str, str | None] = dict.fromkeys(RULES)
    if bounds is not None and not bounds[0] <= len(answer) <= bounds[1]:
        found["length"] = f"{len(answer):,} characters"
    prose = lima_phrases.without_code(answer)
    for rule, look in _OF_ANSWER.items():
        found[rule] = look(prose)
    found["title"] = lima_phrases.dependent_title(title)
    return {rule: text for rule, text in found.items() if text is not None}


def _in_words(rule: str, text: str) -> str:
    short = text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"
    return _WORDS[rule].format(short)
