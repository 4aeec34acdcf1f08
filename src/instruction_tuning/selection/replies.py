"""How the replies to a question about each record went, and when too many of them could not be read."""

from collections.abc import Callable

import pandas as pd

from instruction_tuning.errors import FailureRateError

READ, UNPARSEABLE, FAILED = "ok", "unparseable", "failed"
_SHOWN_CHARACTERS = 200


def marks_by_record(
    completions: pd.DataFrame, parse: Callable[[str], float | None], *, name: str
) -> pd.DataFrame:
    """`name` (float or NaN) and `status` by record id, from `completions` (record_id, response, status).

    `failed` where no reply came, `unparseable` where `parse` finds no mark in it.
    """
    came = (completions["status"] == "ok").tolist()
    marks = [
        parse(str(reply)) if has_come else None
        for reply, has_come in zip(completions["response"], came, strict=True)
    ]
    status = [
        FAILED if not has_come else UNPARSEABLE if mark is None else READ
        for mark, has_come in zip(marks, came, strict=True)
    ]
    index = pd.Index(completions["record_id"].astype("str"), name="record_id")
    return pd.DataFrame(
        {
            name: pd.Series(marks, index=index, dtype="float64"),
            "status": pd.Series(status, index, dtype="str"),
        }
    )


def refuse_unreadable_replies(
    statuses: pd.Series, replies: pd.Series, *, asked_for: str, field: str, max_unreadable_rate: float
) -> None:
    """Raise `FailureRateError` where more of the replies that came are unreadable than the rate allows.

    `statuses` and `replies` stand in one order; `asked_for` says in words what should be in a reply, and
    `field` is the parameter that holds the rate.
    """
    came = statuses != FAILED
    unreadable = [
        str(reply) for reply, status in zip(replies, statuses, strict=True) if status == UNPARSEABLE
    ]
    if len(unreadable) <= max_unreadable_rate * int(came.sum()):
        return
    raise FailureRateError(
        f"{len(unreadable)} of {int(came.sum())} replies hold no {asked_for}, more than max_unreadable_rate "
        f"{max_unreadable_rate:g} allows; for example {unreadable[0][:_SHOWN_CHARACTERS]!r}",
        field=field,
        fix="take a teacher that follows the prompt, raise its max_tokens where replies are cut off, or "
        "raise the limit",
    )
