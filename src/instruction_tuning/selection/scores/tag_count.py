"""Complexity as the number of tags, and the same with the length of the request taken out.

InsTag (arXiv 2308.07074), section 3: complexity_i = |tags_i|.

Long requests hold more to be tagged, and a conversation of many turns most of all, so the count is partly a
length. The controlled score is what remains of the count's rank when a line through the ranks of length has
been taken off (the residual of a partial Spearman correlation):

    score_i = r(count_i) - a - b · r(log tokens_i)    b = cov(r(count), r(log tokens)) / var(r(log tokens))

with mean ranks for equals, scaled to (0, 1]. Ranks, because counts and lengths both have long tails; the log
then changes nothing. Its correlation with the ranks of length is 0. O(N log N).
Departures: the controlled score is the project's own.
"""

import numpy as np
import pandas as pd

from instruction_tuning.selection.tags.tag_lists import tag_lists
from instruction_tuning.text.tokens import tokens


def tag_count(pool: pd.DataFrame, record_tags: pd.DataFrame) -> "pd.Series[float]":
    """`tag_count_score`: how many different tags each record of `pool` (record_id) has, null if not known.

    `record_tags` is indexed by record id and has a column `tags`.
    """
    record_ids = pool["record_id"].tolist()
    counts = [np.nan if tags is None else float(len(tags)) for tags in tag_lists(record_tags, record_ids)]
    return _score("tag_count_score", record_ids, counts)


def length_controlled_tag_count(pool: pd.DataFrame, record_tags: pd.DataFrame) -> "pd.Series[float]":
    """`length_controlled_tag_count_score`: the residual, between -1 and 1; null where tags are not known.

    The length is that of `prompt`, the last request. Where all lengths are equal the score is the rank
    itself, less its mean.
    """
    counts = tag_count(pool, record_tags).sort_index()
    lengths = pd.Series([len(tokens(text)) for text in pool["prompt"]], index=pool["record_id"])
    known = counts[counts.notna()]
    by_count = _centred_ranks(known)
    by_length = _centred_ranks(lengths.loc[known.index].astype("float64"))
    variance = float(by_length @ by_length)
    slope = float(by_count @ by_length) / variance if variance > 0 else 0.0
    residuals = pd.Series(by_count - slope * by_length, index=known.index)
    record_ids = pool["record_id"].tolist()
    return _score("length_controlled_tag_count_score", record_ids, residuals.reindex(record_ids).tolist())


def _centred_ranks(values: "pd.Series[float]") -> np.ndarray:
    ranks = values.rank(method="average").to_numpy() / max(len(values), 1)
    return np.asarray(ranks - ranks.mean() if len(ranks) else ranks)


def _score(name: str, record_ids: list[str], values: list[float]) -> "pd.Series[float]":
    return pd.Series(values, index=pd.Index(record_ids, name="record_id"), name=name, dtype="float64")
