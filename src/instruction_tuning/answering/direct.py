"""Ask a teacher for several answers to each query (2304.03277: one; here K, so that there is a choice).

The conversation goes out as it is, without its final answer. The seed of a query's samples comes from
(seed, record_id), so that it does not depend on the selection around it.
"""

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest, chat_request, without_answer
from instruction_tuning.seeds import substream_seed


def answer_requests(
    queries: pd.DataFrame,
    *,
    num_samples: int,
    temperature: float,
    max_tokens: int,
    seed: int,
    system_prompt: str | None = None,
    first_sample: int = 0,
) -> list[ChatRequest]:
    """One request a row of `queries` (record_id, messages), for `num_samples` answers.

    `system_prompt` is put before conversations that have no system turn of their own. Samples are counted
    from `first_sample`.
    """
    requests = []
    for record_id, messages in zip(queries["record_id"], queries["messages"], strict=True):
        turns = without_answer(messages)
        if system_prompt is not None and not any(turn["role"] == "system" for turn in turns):
            turns = [{"role": "system", "content": system_prompt}, *turns]
        requests.append(
            chat_request(
                str(record_id),
                "answer",
                turns,
                num_samples=num_samples,
                temperature=temperature,
                max_tokens=max_tokens,
                seed=substream_seed(seed, "answer", record_id),
                sample_index=first_sample,
            )
        )
    return requests


def equal_samples_rate(completions: pd.DataFrame) -> float | None:
    """Share of the queries with several answers whose answers are all the same text; null without such."""
    answers = completions[completions["status"] == "ok"].groupby("record_id")["response"]
    several = answers.size() > 1
    return float((answers.nunique()[several] == 1).mean()) if several.any() else None
