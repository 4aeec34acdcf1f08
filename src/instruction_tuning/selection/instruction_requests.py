"""A question to a chat model about each instruction of a pool."""

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest, text_request, without_answer
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.verification.rating import instruction_text


def instruction_requests(
    pool: pd.DataFrame, kind: str, *, temperature: float, max_tokens: int, seed: int
) -> list[ChatRequest]:
    """One request a record of `pool` (record_id, messages) by the prompt of the name `kind`.

    The record's own answer is not shown; a conversation is shown as a transcript.
    """
    prompt = read_prompt(kind)
    return [
        text_request(
            str(record_id),
            kind,
            prompt.fill({"instruction": instruction_text(without_answer(messages))}),
            temperature=temperature,
            max_tokens=max_tokens,
            seed=seed,
        )
        for record_id, messages in zip(pool["record_id"], pool["messages"], strict=True)
    ]
