"""How difficult a request is, in one question to a chat model, without ladders and scorers.

The direct scoring that Deita (arXiv 2312.15685) compares its ladders with, and finds to bunch up at high
marks; on a scale from 1 to 10 (`prompts/difficulty.txt`). One request a record.
"""

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.selection.instruction_requests import instruction_requests
from instruction_tuning.selection.replies import marks_by_record
from instruction_tuning.verification.marks import last_mark, mark_pattern

SCORE = "difficulty_score"
KIND = "difficulty"
_DIFFICULTY = mark_pattern("difficulty|难度")


def parse_difficulty(reply: str) -> float | None:
    """The last `Difficulty: n` of `reply` with 1 ≤ n ≤ 10, or null.

    >>> parse_difficulty("It takes two steps.\\n**Difficulty:** 4/10")
    4.0
    """
    return last_mark(reply, _DIFFICULTY, lowest=1, highest=10)


def difficulty_requests(
    pool: pd.DataFrame, *, temperature: float, max_tokens: int, seed: int
) -> list[ChatRequest]:
    """One request a record of `pool` (record_id, messages); a conversation is shown as a transcript."""
    return instruction_requests(pool, KIND, temperature=temperature, max_tokens=max_tokens, seed=seed)


def difficulty_ratings(completions: pd.DataFrame) -> pd.DataFrame:
    """difficulty_score (1 to 10, NaN if missing) and status (ok, unparseable, failed) by record id."""
    return marks_by_record(completions, parse_difficulty, name=SCORE)
