"""Ratings of answers by a language model on a scale from 1 to 10.

As in instruction tuning with GPT-4 (2304.03277), whose judge gave each response a mark. Departures:
marks of 0, which occur in that paper's published data, are outside the scale that was asked for and
count as unparseable (marks.py).
"""

from typing import Any

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest, as_messages, text_request
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.verification.marks import (
    last_mark,
    mark_pattern,
    read_marks,
    refuse_unreadable_replies,
)

LOWEST_RATING, HIGHEST_RATING = 1, 10
_RATING = mark_pattern("rating|评分")


def parse_rating(reply: str) -> float | None:
    """The last `Rating: n` of `reply` with 1 ≤ n ≤ 10, or null.

    >>> parse_rating("Correct and short.\\n**Rating:** 9/10")
    9.0
    """
    return last_mark(reply, _RATING, lowest=LOWEST_RATING, highest=HIGHEST_RATING)


def with_marks(ratings: pd.DataFrame) -> pd.DataFrame:
    """`ratings` (completions) with `mark`, null where none came or could be read, and `mark_status`."""
    return read_marks(ratings, parse_rating)


def refuse_unreadable(marked: pd.DataFrame, *, max_unreadable_rate: float) -> None:
    """Raise `FailureRateError` where too many replies of `marked` (by `with_marks`) hold no mark."""
    refuse_unreadable_replies(
        marked["mark_status"],
        marked["response"],
        asked_for="mark from 1 to 10",
        field="answer_generation.max_unreadable_rate",
        max_unreadable_rate=max_unreadable_rate,
        fix="take a teacher that follows the rating prompt (its last line has to be `Rating: n`), raise "
        "answer_generation.rating_max_tokens where replies are cut off before the mark, or raise the limit",
    )


def rating_requests(
    responses: pd.DataFrame, *, temperature: float, max_tokens: int, seed: int
) -> list[ChatRequest]:
    """One request a row of `responses` (record_id, sample_index, messages, response).

    Identical responses to one prompt make identical requests, which are sent and paid once.
    """
    prompt = read_prompt("rating")
    return [
        text_request(
            str(row["record_id"]),
            "rating",
            prompt.fill({"instruction": instruction_text(row["messages"]), "response": str(row["response"])}),
            temperature=temperature,
            max_tokens=max_tokens,
            seed=seed,
            sample_index=int(row["sample_index"]),
        )
        for row in responses[["record_id", "sample_index", "messages", "response"]].to_dict("records")
    ]


def instruction_text(messages: Any) -> str:
    """A lone user turn as it is; a longer conversation as a transcript."""
    turns = as_messages(messages)
    if len(turns) == 1:
        return turns[0]["content"]
    return "\n\n".join(f"{turn['role'].capitalize()}: {turn['content']}" for turn in turns)
