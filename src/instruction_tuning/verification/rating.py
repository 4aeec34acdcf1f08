"""Ratings of answers by a language model on a scale from 1 to 10.

As in instruction tuning with GPT-4 (2304.03277), whose judge gave each response a mark. Departures:
marks of 0, which occur in that paper's published data, are outside the scale that was asked for and
count as unparseable (marks.py).
"""

from typing import Any

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest, as_messages, text_request
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.verification.marks import read_marks, refuse_unreadable_replies, with_statuses
from instruction_tuning.verification.rating_form import RatingForm

PARSED_TEXT = RatingForm()


def parse_rating(reply: str) -> float | None:
    """The last `Rating: n` of `reply` with 1 ≤ n ≤ 10, or null.

    >>> parse_rating("Correct and short.\\n**Rating:** 9/10")
    9.0
    """
    return PARSED_TEXT.mark(reply)


def with_marks(ratings: pd.DataFrame, form: RatingForm = PARSED_TEXT) -> pd.DataFrame:
    """`ratings` (completions) with `mark`, null where none came or could be read, and `mark_status`.

    Where marks are expected values, with `covered_mass`, too, what each stands on.
    """
    if form.score_by == "parsed_text":
        return read_marks(ratings, form.mark)
    found = [
        form.expected(str(reply), top_tokens) if status == "ok" else None
        for reply, top_tokens, status in zip(
            *(ratings[name] for name in ("response", "top_tokens", "status")), strict=True
        )
    ]
    mass = [None if one is None else one.covered_mass for one in found]
    marked = with_statuses(ratings, [None if one is None else one.value for one in found])
    return marked.assign(covered_mass=pd.Series(mass, index=ratings.index, dtype="float64"))


def covered_mass_text(marked: pd.DataFrame) -> str:
    """What expected values stand on, in words; empty where marks are those of the text."""
    if "covered_mass" not in marked or marked["covered_mass"].isna().all():
        return ""
    mass = marked["covered_mass"]
    return (
        f"; expected values cover {mass.mean():.3f} of the probability in the mean, {mass.min():.3f} at least"
    )


def refuse_unreadable(
    marked: pd.DataFrame, *, max_unreadable_rate: float, form: RatingForm = PARSED_TEXT
) -> None:
    """Raise `FailureRateError` where too many replies of `marked` (by `with_marks`) hold no mark."""
    expected = form.score_by == "expected_value"
    refuse_unreadable_replies(
        marked["mark_status"],
        marked["response"],
        asked_for="mark from 1 to 10" + (" whose probability is known" if expected else ""),
        field="answer_generation.max_unreadable_rate",
        max_unreadable_rate=max_unreadable_rate,
        fix="take a teacher that follows the rating prompt (its last line has to be `Rating: n`), raise "
        "answer_generation.rating_max_tokens where replies are cut off before the mark, or raise the limit",
    )


def rating_requests(
    responses: pd.DataFrame,
    *,
    temperature: float,
    max_tokens: int,
    seed: int,
    form: RatingForm = PARSED_TEXT,
) -> list[ChatRequest]:
    """One request a row of `responses` (record_id, sample_index, messages, response).

    Identical responses to one prompt make identical requests, which are sent and paid once.
    """
    prompt, schema = read_prompt(form.prompt), form.schema
    return [
        text_request(
            str(row["record_id"]),
            "rating",
            prompt.fill({"instruction": instruction_text(row["messages"]), "response": str(row["response"])}),
            temperature=temperature,
            max_tokens=max_tokens,
            seed=seed,
            sample_index=int(row["sample_index"]),
            schema=schema,
            with_top_tokens=form.with_top_tokens,
        )
        for row in responses[["record_id", "sample_index", "messages", "response"]].to_dict("records")
    ]


def instruction_text(messages: Any) -> str:
    """A lone user turn as it is; a longer conversation as a transcript."""
    turns = as_messages(messages)
    if len(turns) == 1:
        return turns[0]["content"]
    return "\n\n".join(f"{turn['role'].capitalize()}: {turn['content']}" for turn in turns)
