"""A quality score that needs no model: what a program sees in a prompt and its answer.

    cheap_quality_score = sum_k w_k c_k / sum_k w_k   over the components c_k in [0, 1] that can be told

    length_score       1 within 2 robust deviations of the lengths in its category, then exp(-(|z| - 2)^2 / 2)
    repetition_score   falls from 1 to 0 as 10 to 50% of the answer's 3-grams of tokens were there before
    refusal_score      0 where the answer declines, 0.5 where it calls itself a program (text/refusals.py)
    ending_score       0 where it breaks off in a sentence or in code, 0.5 where prose lacks its last mark
    language_score     0 where it is not in the prompt's language
    originality_score  falls from 1 to 0 as 50 to 100% of the longer text's 3-grams are in both: a copy
    format_score       0.5 less for each fault: run-on, damaged text, no JSON or too few items where asked for

Repeated n-grams as a sign of poor text are Gopher's (Rae et al. 2021, arXiv 2112.11446, table A1), here of
tokens, so that Chinese counts too, and with a slope for a bound. z is that of log(1 + tokens), by the median
and 1.4826 times the median deviation, log 2 at least, of the answers of one category and language; of the
language alone, or of the pool, where these are fewer than 20. Both tails count: who wants length gets length.

A program tells a faulty answer from a sound one, not a sound one from a better one. Most of a clean pool is
close to 1, so this is a filter before a sampler that spreads, and no order of merit: on Alpaca it does not
tell the records that AlpaGasus (arXiv 2307.08701) took for their ratings from the others. The weights are 1
each, a choice and no finding. What cannot be told is null and left out of the sum; without an answer all is
null. A refusal that is right counts as one, too. One pass; O(tokens).
"""

import numpy as np
import pandas as pd

from instruction_tuning.selection.scores.answer_form import ending, format_faults, same_language
from instruction_tuning.text.languages import language_of
from instruction_tuning.text.refusals import begins_with_refusal, declines, self_reference
from instruction_tuning.text.tokens import Tokens, tokens

COMPONENTS = (
    *("length_score", "repetition_score", "refusal_score", "ending_score"),
    *("language_score", "originality_score", "format_score"),
)
NGRAM = 3
_PLATEAU = 2.0  # robust standard deviations within which a length is as good as any
_LEAST_SCALE = float(np.log(2))  # labels of one word each would make three words an outlier
_LEAST_GROUP = 20
_REPEATED = (0.1, 0.5)
_COPIED = (0.5, 1.0)
_NEW_TOKENS = 0.05  # of the answer's distinct tokens; "The capital of France is Paris" copies, and answers


def cheap_quality(pool: pd.DataFrame) -> pd.DataFrame:
    """`cheap_quality_score` and `COMPONENTS`, all in [0, 1] or NaN, by record id.

    `pool` has record_id, prompt, answer and, if it knows them, category. The score is the mean of those
    components that can be told.
    """
    rows, lengths, languages = [], [], []
    for prompt, answer in zip(pool["prompt"], pool["answer"], strict=True):
        said = tokens(answer) if isinstance(answer, str) else ()
        rows.append(_signs(prompt, answer, said) if isinstance(answer, str) else {})
        lengths.append(len(said) if isinstance(answer, str) else np.nan)
        languages.append(language_of(answer) if isinstance(answer, str) else None)
    record_ids = pd.Index(pool["record_id"].astype("str"), name="record_id")
    frame = pd.DataFrame(rows, columns=list(COMPONENTS), index=record_ids, dtype="float64")
    categories = pool["category"] if "category" in pool else pd.Series(None, index=pool.index, dtype="str")
    frame["length_score"] = length_scores(
        pd.Series(lengths, index=record_ids, dtype="float64"),
        pd.Series(categories.fillna("").astype("str").to_numpy(), index=record_ids),
        pd.Series(languages, index=record_ids, dtype="str"),
    )
    score = frame[list(COMPONENTS)].mean(axis=1)
    frame.insert(0, "cheap_quality_score", score.where(pool["answer"].notna().to_numpy()))
    return frame


def length_scores(lengths: pd.Series, categories: pd.Series, languages: pd.Series) -> pd.Series:
    """(N,) how ordinary each length (tokens) is; NaN where there is none. An unknown category is empty."""
    logs = np.log1p(lengths)
    centre, scale = _centre_and_scale(logs, [pd.Series("", index=lengths.index)])
    # Numbers, formulas and lists are `other`: no language, and so no group by themselves.
    for keys, known in (
        ([languages], languages != "other"),
        ([categories, languages], categories != ""),
    ):
        own_centre, own_scale = _centre_and_scale(logs, keys)
        large = logs.groupby([key.to_numpy() for key in keys]).transform("count") >= _LEAST_GROUP
        centre = own_centre.where(large & known, centre)
        scale = own_scale.where(large & known, scale)
    beyond = ((logs - centre).abs() / scale - _PLATEAU).clip(lower=0.0)
    return np.exp(-(beyond**2) / 2)


def _centre_and_scale(logs: pd.Series, keys: list[pd.Series]) -> tuple[pd.Series, pd.Series]:
    groups = [key.to_numpy() for key in keys]
    centre = logs.groupby(groups).transform("median")
    spread = (logs - centre).abs().groupby(groups).transform("median")
    return centre, (1.4826 * spread).clip(lower=_LEAST_SCALE)


def _signs(prompt: str, answer: str, said: Tokens) -> dict[str, float | None]:
    return {
        "repetition_score": _falling(_repeated_share(said), _REPEATED),
        "refusal_score": _refusal_score(answer),
        "ending_score": ending(answer),
        "language_score": same_language(prompt, answer),
        "originality_score": _falling(_copied_share(tokens(prompt), said), _COPIED),
        "format_score": max(1.0 - 0.5 * len(format_faults(prompt, answer)), 0.0),
    }


def _refusal_score(answer: str) -> float:
    if declines(answer):
        return 0.0
    return 0.5 if begins_with_refusal(answer) or self_reference(answer) else 1.0


def _ngrams(sequence: Tokens) -> set[Tokens]:
    return set(zip(*(sequence[start:] for start in range(NGRAM)), strict=False))


def _repeated_share(sequence: Tokens) -> float:
    count = len(sequence) - NGRAM + 1
    return 1.0 - len(_ngrams(sequence)) / count if count > 0 else 0.0


def _copied_share(asked: Tokens, said: Tokens) -> float:
    """3-grams in both as a share of the longer text's; 0 where enough of the answer is new.

    Texts too short for any are a copy where they are equal.
    """
    one, other = _ngrams(asked), _ngrams(said)
    if not one or not other:
        return float(asked == said and len(said) > 1)
    words = set(said)
    if len(words - set(asked)) >= _NEW_TOKENS * len(words):
        return 0.0
    return len(one & other) / max(len(one), len(other))


def _falling(share: float, bounds: tuple[float, float]) -> float:
    """1 up to the first bound, 0 from the second on, a line between them."""
    low, high = bounds
    return min(max((high - share) / (high - low), 0.0), 1.0)
