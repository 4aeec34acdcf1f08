"""A conversation as its exchanges: each question with the answer that follows it. O(turns)."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from instruction_tuning.lm.chat_request import as_messages

EXCHANGE_DTYPES = {"record_id": "str", "turn": "int64", "instruction": "str", "answer": "str"}


def exchanges(pool: pd.DataFrame) -> pd.DataFrame:
    """A row a question of `pool` (record_id, messages): record_id, turn from 0, instruction, answer or null.

    System turns are left out. Turns of one person behind each other are one, with a blank line between.
    """
    rows = [
        (str(record_id), turn, asked, answered)
        for record_id, messages in zip(pool["record_id"], pool["messages"], strict=True)
        for turn, (asked, answered) in enumerate(_pairs(messages))
    ]
    return pd.DataFrame(rows, columns=list(EXCHANGE_DTYPES)).astype(EXCHANGE_DTYPES)


def _pairs(messages: Any) -> Iterator[tuple[str, str | None]]:
    asked: list[str] = []
    answered: list[str] = []
    for turn in as_messages(messages):
        if turn["role"] == "user":
            if answered:
                yield "\n\n".join(asked), "\n\n".join(answered)
                asked, answered = [], []
            asked.append(turn["content"])
        elif turn["role"] == "assistant" and asked:
            answered.append(turn["content"])
    if asked:
        yield "\n\n".join(asked), "\n\n".join(answered) if answered else None
