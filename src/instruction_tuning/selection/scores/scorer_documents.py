"""What a scorer is trained on: a request, or a request with an answer, and the digit of its score.

The scorers of Deita (arXiv 2312.15685): a small model learns to say the score that a large one gave the
versions of a ladder, and then scores the whole pool for nothing. The rows are chats for the project's own
fine-tuning, with the loss on the digit and the end of the turn. O(N).
Departure: both scorers' questions are prompt files (`prompts/score_complexity.txt`, `score_quality.txt`),
which differ, so that one model can be trained on both.
"""

from typing import Any

import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.lm.chat_request import Message
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.selection.ladders.evolving import Aspect

SCORER_EXAMPLE_DTYPES = {"record_id": "str", "response_id": "str", "source": "str", "messages": "object"}


def score_question(aspect: Aspect, instruction: str, answer: str | None = None) -> list[Message]:
    """The conversation that asks a scorer: the same words in training and afterwards."""
    values = {"instruction": instruction}
    if aspect == "quality":
        values["response"] = str(answer)
    return [{"role": "user", "content": read_prompt(f"score_{aspect}").fill(values)}]


def scorer_examples(scored: pd.DataFrame, *, aspect: Aspect) -> pd.DataFrame:
    """A chat for each rung of `scored` ladders that has a score; a rung without one teaches nothing.

    Columns record_id (the ladder's), response_id, source, messages: what `mixture.replay.build_mixture`
    takes, which holds out whole ladders. Raises `InputError` where no rung has a score.
    """
    known = scored[scored["score"].notna()]
    if known.empty:
        raise InputError(
            f"none of the {len(scored)} rungs has a {aspect} score, so there is nothing to train a scorer on",
            field="score",
            fix="look at the replies to the joint scoring prompt; raise max_tokens where they were cut off",
        )
    rows = [
        (
            str(row["record_id"]),
            f"{row['record_id']}-{aspect}-{row['rung']:02d}",
            f"scorer_{aspect}",
            _example(aspect, row),
        )
        for row in known.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=list(SCORER_EXAMPLE_DTYPES)).astype(SCORER_EXAMPLE_DTYPES)


def _example(aspect: Aspect, row: dict[Any, Any]) -> list[Message]:
    question = score_question(aspect, str(row["instruction"]), row["answer"])
    return [*question, {"role": "assistant", "content": f"{row['score']:.0f}"}]
