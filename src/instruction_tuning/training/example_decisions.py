"""What the maximal length leaves of each chat: all of it, a part, or nothing to train on.

The same rule as `tokenize_mixture`, told example by example, so that lineage need not take the mixture's rows
for what was trained on. Documents are split, never cut, so they are not in it. O(tokens).
"""

from typing import TYPE_CHECKING, Any

import pandas as pd

from instruction_tuning.chat_format.loss_mask import tokenize_chat
from instruction_tuning.schemas.example_decisions import CUT, DROPPED, TRAINED

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

COLUMNS = ["example_id", "record_id", "decision", "reason", "tokens", "trained_tokens"]


def example_decisions(
    tokenizer: "PreTrainedTokenizerBase", mixture: pd.DataFrame, *, max_length: int
) -> pd.DataFrame:
    """One chat of an sft_mixture frame a row (see schemas.example_decisions)."""
    chats = mixture[mixture["kind"] == "chat"]
    rows = [
        {"example_id": example_id, "record_id": str(parents[0]), **_decided(tokenizer, messages, max_length)}
        for example_id, parents, messages in zip(
            chats["example_id"], chats["parent_ids"], chats["messages"], strict=True
        )
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"reason": "str"})


def _decided(tokenizer: "PreTrainedTokenizerBase", messages: Any, max_length: int) -> dict[str, Any]:
    whole = tokenize_chat(tokenizer, messages)
    trained = sum(whole.first(max_length).trained)
    decision, reason = TRAINED, None
    if not trained:
        decision, reason = DROPPED, f"the answer begins after the first {max_length} tokens (sft.max_length)"
    elif len(whole.input_ids) > max_length:
        reason = f"cut at {max_length} of {len(whole.input_ids)} tokens (sft.max_length)"
        decision = CUT
    return {
        "decision": decision,
        "reason": reason,
        "tokens": len(whole.input_ids),
        "trained_tokens": trained,
    }
