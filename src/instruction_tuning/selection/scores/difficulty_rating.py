"""How difficult a request is, in one question to a chat model, without ladders and scorers.

The direct scoring that Deita (arXiv 2312.15685) compares its ladders with, and finds to bunch up at high
marks; on a scale from 1 to 10 (`prompts/difficulty.txt`). One request a record.
"""

import re

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest, chat_request, without_answer
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.seeds import substream_seed
from instruction_tuning.selection.replies import marks_by_record
from instruction_tuning.verification.rating import instruction_text

SCORE = "difficulty_score"
KIND = "difficulty"
LOWEST, HIGHEST = 1.0, 10.0
_DIFFICULTY = re.compile(
    r"(?:difficulty|难度)[\s*_`]*[:：][\s*_`]*(\d+(?:\.\d+)?)(?:\s*/\s*(\d+))?(?![\d.]*\d|\s*[-–~]\s*\d)",
    re.IGNORECASE,
)


def parse_difficulty(reply: str) -> float | None:
    """The last `Difficulty: n` of `reply` with 1 ≤ n ≤ 10, or null.

    >>> parse_difficulty("It takes two steps.\\n**Difficulty:** 4/10")
    4.0
    """
    marks = _DIFFICULTY.findall(reply)
    if not marks:
        return None
    number, scale = marks[-1]
    mark = float(number)
    return mark if scale in ("", "10") and LOWEST <= mark <= HIGHEST else None


def difficulty_requests(
    pool: pd.DataFrame, *, temperature: float, max_tokens: int, seed: int
) -> list[ChatRequest]:
    """One request a record of `pool` (record_id, messages); a conversation is shown as a transcript."""
    prompt = read_prompt(KIND)
    return [
        chat_request(
            str(record_id),
            KIND,
            [
                {
                    "role": "user",
                    "content": prompt.fill({"instruction": instruction_text(without_answer(messages))}),
                }
            ],
            num_samples=1,
            temperature=temperature,
            max_tokens=max_tokens,
            seed=substream_seed(seed, KIND, record_id),
        )
        for record_id, messages in zip(pool["record_id"], pool["messages"], strict=True)
    ]


def difficulty_ratings(completions: pd.DataFrame) -> pd.DataFrame:
    """difficulty_score (1 to 10, NaN if missing) and status (ok, unparseable, failed) by record id."""
    return marks_by_record(completions, parse_difficulty, name=SCORE)
