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


def lima_rules(
    pool: pd.DataFrame,
    *,
    min_answer_characters: int = 1_200,
    max_answer_characters: int = 4_096,
    length_sources: Collection[str] | None = None,
) -> pd.DataFrame:
    """lima_score in [0, 1] and `violated` (names of RULES, in their order), by record id.

    `pool` has record_id, messages, answer, source. The length holds for records of `length_sources`, null
    for all: answers that people wrote for the web, not those that are short by nature. Without an answer
    the score is NaN, and nothing counts as violated.
    """
    first = exchanges(pool)
    titles = first[first["turn"] == 0].set_index("record_id")["instruction"].to_dict()
    violated, scores = [], []
    for record_id, answer, source in zip(pool["record_id"], pool["answer"], pool["source"], strict=True):
        if not isinstance(answer, str):
            found, score = [], np.nan
        else:
            bounds = None
            if length_sources is None or source in length_sources:
                bounds = (min_answer_characters, max_answer_characters)
            found = _violations(titles.get(record_id, ""), answer, bounds)
            score = 1 - len(found) / len(RULES)
        violated.append(found)
        scores.append(score)
    return pd.DataFrame(
        {"lima_score": np.array(scores, dtype=np.float64), "violated": violated},
        index=pd.Index(pool["record_id"].astype("str"), name="record_id"),
    )


def _violations(title: str, answer: str, bounds: tuple[int, int] | None) -> list[str]:
    prose = lima_phrases.without_code(answer)
    found = {rule for rule, look in _OF_ANSWER.items() if look(prose) is not None}
    if bounds is not None and not bounds[0] <= len(answer) <= bounds[1]:
        found.add("length")
    if lima_phrases.dependent_title(title) is not None:
        found.add("title")
    return [rule for rule in RULES if rule in found]
