"""Two answer sets of the same prompts side by side, as GPT-4-LLM compares GPT-4's answers with
text-davinci-003's.

Paper: arXiv 2304.03277, fig. 1 and 2: verb-noun pairs of each set, the frequencies of both against each
other, and the distribution of lengths. Added here: paired differences of length, and which words tell the
sets apart (`vocabulary.typical_words`). Departures: pairs are found by rule (`english_verb_noun`), in the
first two sentences of an answer; every answer counts, where the paper's notebook takes a set of distinct
texts.

O(characters); of the texts only counts are kept.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.pool_statistics.lengths import TokenCounter, length_histogram, length_summary
from instruction_tuning.pool_statistics.verb_noun import top_pairs, verb_noun_counts
from instruction_tuning.pool_statistics.vocabulary import Vocabulary, typical_words, vocabulary

COLUMNS = ("prompt_id", "language", "answer")


@dataclass(frozen=True)
class AnswerSets:
    """What two sets answer to the same prompts.

    `lengths`: a row a prompt, `left` and `right` in tokens. `histogram`: both in the same bins. `pairs`:
    verb-noun pairs with their counts in both. `words`: see `typical_words`. `frequencies`: rank and count
    of both sets' words. `summary`: flat names and numbers.
    """

    names: tuple[str, str]
    lengths: pd.DataFrame
    histogram: pd.DataFrame
    pairs: pd.DataFrame
    words: pd.DataFrame
    frequencies: pd.DataFrame
    summary: dict[str, float]


def compare_answer_sets(
    left: pd.DataFrame,
    right: pd.DataFrame,
    count_tokens: TokenCounter,
    *,
    names: tuple[str, str] = ("left", "right"),
    frequent: int = 10,
) -> AnswerSets:
    """Compare the answers in two frames of `COLUMNS`; prompts that only one of them has are counted and
    left out.

    Of several answers to one prompt in a set the first is taken. `frequent`: how often a pair or a word has
    to occur to count as frequent. Raises `InputError` where no prompt is in both.
    """
    first = [frame.drop_duplicates("prompt_id") for frame in (left, right)]
    both = first[0].merge(first[1][["prompt_id", "answer"]], on="prompt_id", suffixes=("_left", "_right"))
    if both.empty:
        raise InputError(
            f"no prompt is in both {names[0]} and {names[1]}",
            fix="compare two files with answers to the same prompts",
        )
    texts = {side: both[f"answer_{side}"].tolist() for side in ("left", "right")}
    lengths = pd.DataFrame({"prompt_id": both["prompt_id"]} | {s: count_tokens(t) for s, t in texts.items()})
    words = {side: vocabulary(side_texts) for side, side_texts in texts.items()}
    pairs = _pairs(*(verb_noun_counts(texts[side], both["language"]) for side in ("left", "right")))
    summary = {
        "prompts": float(len(both)),
        "only_left_prompts": float(len(first[0]) - len(both)),
        "only_right_prompts": float(len(first[1]) - len(both)),
        "identical_rate": float((both["answer_left"] == both["answer_right"]).mean()),
        **_paired_lengths(lengths),
    }
    for side in ("left", "right"):
        summary |= {f"{side}/tokens/{key}": x for key, x in length_summary(lengths[side].to_numpy()).items()}
        summary |= {f"{side}/vocabulary/{key}": x for key, x in words[side].summary().items()}
        for language in sorted(both["language"].unique()):
            counts = pairs.rename(columns={side: "count"})
            kinds = top_pairs(counts, language=language, most=None)
            summary[f"{side}/verb_noun/{language}/distinct"] = float(len(kinds))
            summary[f"{side}/verb_noun/{language}/frequent"] = float((kinds["count"] > frequent).sum())
    return AnswerSets(
        names=names,
        lengths=lengths,
        histogram=_shared_histogram(lengths),
        pairs=pairs,
        words=typical_words(words["left"], words["right"], at_least=frequent),
        frequencies=_frequencies(words["left"], words["right"]),
        summary=summary,
    )


def _paired_lengths(lengths: pd.DataFrame) -> dict[str, float]:
    difference = (lengths["left"] - lengths["right"]).to_numpy()
    return {
        "left_longer_rate": float((difference > 0).mean()),
        "right_longer_rate": float((difference < 0).mean()),
        "mean_difference_tokens": float(difference.mean()),
        "median_difference_tokens": float(np.median(difference)),
    }


def _shared_histogram(lengths: pd.DataFrame) -> pd.DataFrame:
    together = length_histogram(lengths[["left", "right"]].to_numpy().ravel())
    edges = [*together["from_tokens"], int(together["to_tokens"].iloc[-1])]
    counted = {side: np.histogram(lengths[side], bins=edges)[0] for side in ("left", "right")}
    return together[["from_tokens", "to_tokens"]].assign(**counted)


def _pairs(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    key = ["language", "verb", "noun"]
    merged = left.rename(columns={"count": "left"}).merge(
        right.rename(columns={"count": "right"}), on=key, how="outer"
    )
    merged = merged.fillna({"left": 0, "right": 0}).astype({"left": "int64", "right": "int64"})
    merged["both"] = merged["left"] + merged["right"]
    merged = merged.sort_values(["both", *key], ascending=[False, True, True, True], ignore_index=True)
    return merged.drop(columns="both")


def _frequencies(left: Vocabulary, right: Vocabulary) -> pd.DataFrame:
    """Rank against count of both sets, thinned to ranks of equal distance on a logarithmic scale."""
    frames = []
    for side, words in (("left", left), ("right", right)):
        counts = words.frequencies()["count"].to_numpy()
        if len(counts):
            ranks = np.unique(np.rint(np.geomspace(1, len(counts), 200)).astype(np.int64))
            frames.append(pd.DataFrame({"side": side, "rank": ranks, "count": counts[ranks - 1]}))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["side", "rank", "count"])
