"""Ask a teacher for several answers to each query (2304.03277: one; here K, so that there is a choice).

The conversation goes out as it is, without its final answer. The seed of a query's samples comes from
(seed, record_id), so that it does not depend on the selection around it.
"""

from collections.abc import Mapping
from typing import Literal

import pandas as pd

from instruction_tuning.answering.use_case import use_case_of
from instruction_tuning.lm.chat_request import ChatRequest, chat_request, without_answer
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.seeds import substream_seed


def answer_requests(
    queries: pd.DataFrame,
    *,
    num_samples: int,
    temperature: float,
    max_tokens: int,
    seed: int,
    system_prompts: Mapping[str, str] | None = None,
    first_sample: int = 0,
) -> list[ChatRequest]:
    """One request a row of `queries` (record_id, messages), for `num_samples` answers.

    `system_prompts`, by record id, are put before conversations that have no system turn of their own.
    Samples are counted from `first_sample`.
    """
    prompts = system_prompts or {}
    requests = []
    for record_id, messages in zip(queries["record_id"], queries["messages"], strict=True):
        turns = without_answer(messages)
        system_prompt = prompts.get(str(record_id))
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


def system_prompts(queries: pd.DataFrame, used: bool | Literal["by_use_case"]) -> dict[str, str]:
    """By record id: none, `prompts/answer_system.txt`, or the file of the query's use case (use_case.py)."""
    if used is False:
        return {}
    columns = [name for name in ("prompt", "category") if name in queries]
    names = (
        "answer_system" if used is True else f"answer_system_{use_case_of(query)}"
        for query in queries[columns].to_dict("records")
    )
    return {
        str(record_id): read_prompt(name).text
        for record_id, name in zip(queries["record_id"], names, strict=True)
    }


def equal_samples_rate(completions: pd.DataFrame) -> float | None:
    """Share of the queries with several answers whose answers are all the same text; null without such."""
    answers = completions[completions["status"] == "ok"].groupby("record_id")["response"]
    several = answers.size() > 1
    return float((answers.nunique()[several] == 1).mean()) if several.any() else None
