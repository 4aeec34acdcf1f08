"""The rating of a record's own answer by a judge.

Chen et al. 2023, AlpaGasus (arXiv 2307.08701): a chat model rates (instruction, answer) from 0 to 5, and
what has 4.5 or more is kept, 9,229 of Alpaca's 52,002. One request a record.
Departures: the project's own rating prompt and scale, 1 to 10; a budget in place of the threshold; a reply
without a mark gives none.
"""

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest, without_answer
from instruction_tuning.selection.replies import marked_records
from instruction_tuning.verification.rating import PARSED_TEXT, rating_requests, with_marks
from instruction_tuning.verification.rating_form import RatingForm

SCORE = "judge_rating_score"


def judge_rating_requests(
    pool: pd.DataFrame, *, temperature: float, max_tokens: int, seed: int, form: RatingForm = PARSED_TEXT
) -> list[ChatRequest]:
    """One request for each record of `pool` (record_id, messages, answer) that has an answer."""
    answered = pool[pool["answer"].notna()]
    responses = pd.DataFrame(
        {
            "record_id": answered["record_id"].to_numpy(),
            "sample_index": 0,
            "messages": [without_answer(messages) for messages in answered["messages"]],
            "response": answered["answer"].to_numpy(),
        }
    )
    return rating_requests(responses, temperature=temperature, max_tokens=max_tokens, seed=seed, form=form)


def judge_ratings(completions: pd.DataFrame, form: RatingForm = PARSED_TEXT) -> pd.DataFrame:
    """judge_rating_score (1 to 10, NaN if missing) and status (ok, unparseable, failed) by record id.

    A record without an answer was not asked about and has no row; reindex to the pool for its NaN.
    """
    return marked_records(with_marks(completions, form), name=SCORE)
