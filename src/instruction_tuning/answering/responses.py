"""The responses of a teacher with their checks and ratings: one row a response that has a text."""

import pandas as pd

from instruction_tuning.lm.chat_request import without_answer
from instruction_tuning.verification.check import check_answer
from instruction_tuning.verification.rating import parse_rating

RESPONSE_DTYPES = {
    "response_id": "str",
    "record_id": "str",
    "sample_index": "int64",
    "prompt": "str",
    "messages": "object",
    "response": "str",
    "model": "str",
    "rating": "float64",
    "rating_status": "str",
    "check": "str",
    "check_detail": "str",
}


def checked_responses(queries: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """The `ok` rows of `answers` (completions of kind answer) with `check` and `check_detail`.

    `response_id` is `<record_id>-<sample index>`. Ratings are still null.
    """
    by_record = {
        row["record_id"]: row for row in queries[["record_id", "prompt", "messages"]].to_dict("records")
    }
    rows = []
    for answer in answers.loc[answers["status"] == "ok"].to_dict("records"):
        query = by_record[answer["record_id"]]
        checked = check_answer(str(query["prompt"]), str(answer["response"]))
        rows.append(
            {
                "response_id": f"{answer['record_id']}-{answer['sample_index']:02d}",
                "record_id": answer["record_id"],
                "sample_index": answer["sample_index"],
                "prompt": query["prompt"],
                "messages": without_answer(query["messages"]),
                "response": answer["response"],
                "model": answer["model"],
                "rating": None,
                "rating_status": "failed",
                "check": checked.check,
                "check_detail": checked.detail,
            }
        )
    return pd.DataFrame(rows, columns=list(RESPONSE_DTYPES)).astype(RESPONSE_DTYPES)


def with_ratings(responses: pd.DataFrame, ratings: pd.DataFrame) -> pd.DataFrame:
    """`responses` with `rating` and `rating_status` read from `ratings` (completions of kind rating).

    A mark that could not be read, or never came, is null.
    """
    replies = {
        (row["record_id"], row["sample_index"]): row["response"]
        for row in ratings.loc[ratings["status"] == "ok"].to_dict("records")
    }
    values, statuses = [], []
    for key in zip(responses["record_id"], responses["sample_index"], strict=True):
        reply = replies.get(key)
        rating = None if reply is None else parse_rating(str(reply))
        values.append(rating)
        statuses.append("failed" if reply is None else "unparseable" if rating is None else "ok")
    return responses.assign(
        rating=pd.Series(values, index=responses.index, dtype="float64"),
        rating_status=pd.Series(statuses, index=responses.index, dtype="str"),
    )
