"""Complexity and quality of records, and their product.

Liu et al. 2023, Deita (arXiv 2312.15685), by a scorer trained on ladders (scorer_documents.py):

    deita_score = sum_{turns t} c_t · q_t

with complexity c of each request and quality q of each answer, both an expected value from 1 to 6. The sum
is over turns, as in the paper, so a long conversation scores higher than its best turn. One forward pass a
turn and score; O(tokens · parameters).
Departure: a record lacks the score where one of its turns does, as a turn that was never answered.
"""

import numpy as np
import pandas as pd

from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.selection.ladders.evolving import Aspect
from instruction_tuning.selection.scores.expected_score import expected_scores
from instruction_tuning.selection.scores.scorer_documents import score_question


def exchange_scores(
    turns: pd.DataFrame,
    scorer: ModelFolder,
    *,
    aspect: Aspect,
    max_length_tokens: int,
    batch_tokens: int = 16_384,
) -> pd.Series:
    """The score of each row of `turns` (by exchanges.py: instruction, answer), from 1 to 6; NaN if missing.

    A turn without an answer has no quality. Equal texts are scored once.
    """
    is_asked = turns["answer"].notna() if aspect == "quality" else turns["instruction"].notna()
    keys = turns.loc[is_asked, ["instruction", "answer"] if aspect == "quality" else ["instruction"]]
    different = keys.drop_duplicates()
    found = expected_scores(
        scorer,
        [score_question(aspect, *map(str, texts)) for texts in different.itertuples(index=False, name=None)],
        max_length_tokens=max_length_tokens,
        batch_tokens=batch_tokens,
    )
    by_text = dict(zip(different.itertuples(index=False, name=None), found, strict=True))
    scores = np.full(len(turns), np.nan)
    scores[is_asked.to_numpy()] = [by_text[texts] for texts in keys.itertuples(index=False, name=None)]
    return pd.Series(scores, index=turns.index, name=f"{aspect}_score")


def deita_scores(turns: pd.DataFrame) -> pd.DataFrame:
    """complexity_score, quality_score, deita_score by record id, sums over the record's turns.

    `turns` has a row a turn: record_id, complexity_score, quality_score; a column that was not measured may
    be missing, and then so is what it takes.
    """
    columns = turns.reindex(columns=["record_id", "complexity_score", "quality_score"])
    values = columns.astype({"complexity_score": "float64", "quality_score": "float64"})
    values["deita_score"] = values["complexity_score"] * values["quality_score"]
    # A sum over a missing turn is missing.
    return values.groupby("record_id").sum(skipna=False)
