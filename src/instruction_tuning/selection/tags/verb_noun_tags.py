"""Tags without a model: the main verb and its noun, the language, and what a program can see in a request.

In place of InsTag's open tags (arXiv 2308.07074) where no model is at hand to ask; the pairs are those of
Self-Instruct (2212.10560, fig. 2), found as `pool_statistics/verb_noun.py` says. O(characters) time; beside
the pool and the tags memory is one boolean a record and feature.
Departure: these tags are coarse. They see how a request is built and not what it is about, beyond one noun,
so their number tells demands apart (code, a length, a list) and says little about how hard the subject is.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from instruction_tuning.pool_statistics.verb_noun import verb_noun
from instruction_tuning.schemas.list_columns import list_lengths
from instruction_tuning.selection.tags.tag_parsing import PARSED

_COUNT = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten)"
_LISTED = (
    r"(?:ways|examples|reasons|ideas|tips|steps|items|facts|benefits|advantages|suggestions|points|names)"
)
# Plain expressions that RE2 reads too: no look-around, no references back.
_FEATURES = {
    "has code": r"```|\bdef \w+\(|#include|\bSELECT\b[^\n]+\bFROM\b|</\w+>|\b(?:var|let|const) \w+ ?="
    r"|\w+\(\) ?\{",
    "about code": r"(?i)\b(?:code|python|java|javascript|sql|html|css|algorithm|regex|regular expression"
    r"|programming)\b|代码|编程|算法|函数",
    "has digits": r"\d",
    "has arithmetic": r"\d ?[+*×÷=^] ?\d|\d - \d|\d ?/ ?\d+ ?[-+*=]",
    "has material": r"\n\s*\S",  # text below the request: an input, a context
    "has quotation": r"\"[^\"]{2,}\"|“[^”]{2,}”|「[^」]{2,}」|《[^》]+》",
    "has link": r"https?://\w",
    "is question": r"[?？]\s*$",
    "asks for list": rf"(?i)\b(?:list|lists|bullets?|enumerate|top \d+)\b|\b{_COUNT} (?:\w+ )?{_LISTED}\b"
    r"|列出|列举|清单|[几\d三五十]个(?:例子|方法|建议|理由|步骤)",
    "asks for length": rf"(?i)\b{_COUNT}[- ](?:word|sentence|paragraph|line|character)s?\b"
    r"|\b(?:at least|at most|no more than|fewer than|less than|under) \d|[\d百千] ?个?(?:字|词)|不超过|以内",
    "asks for format": r"(?i)\b(?:json|yaml|csv|xml|markdown|latex|table|tabular)\b|表格",
    "asks for explanation": r"(?i)\b(?:why|explain|explanation|justify|reasoning)\b|为什么|解释|理由|原因",
    "asks for steps": r"(?i)\bstep[- ]by[- ]step\b|\bsteps\b|步骤|一步",
    "asks for example": r"(?i)\b(?:for|an|give|some|with|one) examples?\b|举例|例子|示例",
    "asks to compare": r"(?i)\b(?:compare|contrast|differences?|similarit(?:y|ies)|versus|vs)\b"
    r"|比较|区别|对比",
    "has condition": r"(?i)\b(?:must|should|make sure|ensure|without|do not|don't|avoid|only)\b"
    r"|必须|不要|不能|确保|避免|只能",
    "sets role": r"(?i)\b(?:you are an?|act as|pretend|imagine you|role of)\b|你是一|扮演|假设你",
}


def has_code(texts: "pd.Series[str]") -> "pd.Series[bool]":
    """Which of `texts` hold a piece of code: what gets the tag `has code`."""
    return texts.str.contains(_FEATURES["has code"]).astype(bool)


def is_about_code(texts: "pd.Series[str]") -> "pd.Series[bool]":
    """Which of `texts` speak of code: what gets the tag `about code`."""
    return texts.str.contains(_FEATURES["about code"]).astype(bool)


def verb_noun_tags(pool: pd.DataFrame) -> pd.DataFrame:
    """`record_id`, `tags` and `status` of each row of `pool` (record_id, language, prompt; messages, answer).

    Verb, noun and language come as `verb write`, `noun story` and `language en`, so that the word `list` as a
    verb is another tag than as a noun. With `messages` and `answer`, what has turns before the last request
    gets `has earlier turns`.
    """
    prompts = pool["prompt"].astype("str")
    features = {tag: prompts.str.contains(pattern).to_numpy(bool) for tag, pattern in _FEATURES.items()}
    if {"messages", "answer"} <= set(pool.columns):
        asked = list_lengths(pool["messages"]) - pool["answer"].notna()
        features["has earlier turns"] = (asked > 1).to_numpy(bool)
    seen = _tags_of_features(features, len(pool))
    tags = [
        [*_of_pair(prompt, language), f"language {language}", *of_features]
        for prompt, language, of_features in zip(prompts, pool["language"], seen, strict=True)
    ]
    return pd.DataFrame(
        {
            "record_id": pool["record_id"],
            "tags": pd.Series(tags, index=pool.index, dtype=object),
            "status": pd.Series(PARSED, index=pool.index, dtype="str"),
        }
    )


def _of_pair(prompt: str, language: str) -> list[str]:
    verb, noun = verb_noun(prompt, language)
    return [f"{kind} {word}" for kind, word in (("verb", verb), ("noun", noun)) if word]


def _tags_of_features(features: dict[str, np.ndarray], count: int) -> Iterable[list[str]]:
    """One list a row; rows with the same features, most of a pool, share it."""
    codes = np.zeros(count, dtype=np.int64)
    for bit, has_feature in enumerate(features.values()):
        codes |= has_feature.astype(np.int64) << bit
    distinct, places = np.unique(codes, return_inverse=True)
    lists = [[tag for bit, tag in enumerate(features) if code >> bit & 1] for code in distinct.tolist()]
    return (lists[place] for place in places.tolist())
