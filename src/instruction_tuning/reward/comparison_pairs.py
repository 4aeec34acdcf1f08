"""Pairs of compared answers with their models, ties among them, and the rows that ingestion reads back.

The pairs are those of reward/preference_pairs.py, which reads the same answers in `rated_form`: what is no
tie here is a pair there. O(records · K^2).
"""

import hashlib
import json
from typing import Any

import pandas as pd

from instruction_tuning.canonical.raw_rows import preference_conversations
from instruction_tuning.lm.chat_request import as_messages
from instruction_tuning.reward.compared_responses import rated_form
from instruction_tuning.reward.preference_pairs import Preference, ranked_pairs

COLUMNS = [
    *("pair_id", "record_id", "messages", "chosen", "rejected", "chosen_model", "rejected_model"),
    *("chosen_response_id", "rejected_response_id", "chosen_score", "rejected_score", "margin"),
    *("tie", "same_text", "decided_by_check"),
]


def comparison_pairs(compared: pd.DataFrame, *, preference: Preference = "rating") -> pd.DataFrame:
    """Every pair of scored answers to one query (schemas.comparison_pairs).

    In a tie, of score or of text, `chosen` is only the answer with the smaller id.
    """
    pairs = ranked_pairs(rated_form(compared), preference)
    models = compared.set_index("response_id")["model"]
    return pairs.assign(
        chosen_model=pairs["chosen_response_id"].map(models).astype("str"),
        rejected_model=pairs["rejected_response_id"].map(models).astype("str"),
        chosen_score=pairs["chosen_rating"],
        rejected_score=pairs["rejected_rating"],
        margin=pairs["margin"].where(~pairs["is_tie"], 0.0),
        tie=pairs["is_tie"],
        same_text=pairs["chosen"] == pairs["rejected"],
    )[COLUMNS]


def vote_rows(pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs of single questions as ingestion's `response_votes`: ties and both scores are in it.

    The better answer is first or second as the pair's id has it: a file whose first answers are all better
    would teach a reader of places.
    """
    rows = []
    for pair in pairs.to_dict("records"):
        turns = as_messages(pair["messages"])
        if [turn["role"] for turn in turns] != ["user"]:
            continue
        sides: list[Any] = ["chosen", "rejected"]
        if _is_swapped(str(pair["pair_id"])):
            sides.reverse()
        better = 0 if pair["tie"] else 1 + sides.index("chosen")
        rows.append(
            {
                "id": pair["pair_id"],
                "instruction": turns[0]["content"],
                "response1": pair[sides[0]],
                "response2": pair[sides[1]],
                "preference": better,
                "scores": [float(pair[f"{side}_score"]) for side in sides],
                "models": [pair[f"{side}_model"] for side in sides],
            }
        )
    names = ["id", "instruction", "response1", "response2", "preference", "scores", "models"]
    return pd.DataFrame(rows, columns=names)


def preference_rows(pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs that are no tie, of whatever conversation, as ingestion's `preference_conversations`."""
    decided = pairs[~pairs["tie"]]
    return preference_conversations(decided).assign(margin=decided["margin"].to_numpy(dtype="float64"))


def _is_swapped(pair_id: str) -> bool:
    return hashlib.sha256(json.dumps(["places", pair_id]).encode()).digest()[0] % 2 == 1
