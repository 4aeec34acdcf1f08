"""Rows in formats that ingestion reads, of what this project made itself (docs/dataset_formats.md)."""

import pandas as pd

from instruction_tuning.lm.chat_request import as_messages


def chat_rows(ids: pd.Series, questions: pd.Series, answers: pd.Series) -> pd.DataFrame:
    """`chat_messages` of one question and its answer: id, messages."""
    turns = [
        [{"role": "user", "content": asked}, _assistant(answer)]
        for asked, answer in zip(questions, answers, strict=True)
    ]
    return pd.DataFrame({"id": ids.to_numpy(), "messages": turns})


def preference_conversations(pairs: pd.DataFrame) -> pd.DataFrame:
    """`preference_conversations` of `pairs` (pair_id, messages, chosen, rejected)."""
    return pd.DataFrame(
        {
            "id": pairs["pair_id"].to_numpy(),
            "messages": [as_messages(turns) for turns in pairs["messages"]],
            "chosen": [[_assistant(text)] for text in pairs["chosen"]],
            "rejected": [[_assistant(text)] for text in pairs["rejected"]],
        }
    )


def _assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}
