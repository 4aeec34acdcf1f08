"""The responses of a teacher with their checks, ratings and costs: one row a response that was asked for."""

from collections.abc import Sequence

import pandas as pd

from instruction_tuning.lm.chat_request import without_answer
from instruction_tuning.verification.check import CheckedAnswer, check_response
from instruction_tuning.verification.verdict import Verifier

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


CUT_OFF = CheckedAnswer("failed", "cut off at max_tokens")
# What a verifier may know of a record, where its frame has it.
_KNOWN = ("record_id", "prompt", "messages", "language", "answer", "category", "constraints")


def checked_responses(
    queries: pd.DataFrame, answers: pd.DataFrame, verifiers: Sequence[Verifier] = ()
) -> pd.DataFrame:
    """The rows of `answers` (completions of kind answer or repair) with `check` and `check_detail`.

    `response_id` is `<record_id>-<sample index>`; `response` is null where none came. Ratings are still null.
    `verifiers` are asked beside the checks that every answer undergoes (verification/check.py). One that
    `max_tokens` has cut off has failed: as an example it would teach to stop in mid-sentence.
    """
    known = [name for name in _KNOWN if name in queries]
    by_record = {row["record_id"]: row for row in queries[known].to_dict("records")}
    rows = []
    for answer in answers.to_dict("records"):
        query = by_record[answer["record_id"]]
        came = answer["status"] == "ok"
        checked = CheckedAnswer("none", None)
        if came and answer.get("finish_reason") == "length":
            checked = CUT_OFF
        elif came:
            checked = check_response(query, str(answer["response"]), verifiers)
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


def with_ratings(
    responses: pd.DataFrame, marked: pd.DataFrame, not_asked: "pd.Series[bool] | None" = None
) -> pd.DataFrame:
    """`responses` with `rating` and `rating_status` from `marked` (completions of kind rating, with marks).

    A mark that could not be read, or never came, is null, and so is that of a response `not_asked` about.
    Where marks are expected values, `rating_covered_mass` says what they stand on.
    """
    mass = {"covered_mass": "rating_covered_mass"} if "covered_mass" in marked else {}
    came = marked.loc[marked["status"] == "ok", ["record_id", "sample_index", "mark", *mass]]
    key = ["record_id", "sample_index"]
    found = responses[key].merge(came, on=key, how="left", indicator=True, validate="one_to_one")
    status = found["mark"].notna().map({True: "ok", False: "unparseable"})
    status = status.where(found["_merge"] == "both", "failed")
    if not_asked is not None:
        status = status.mask(not_asked.to_numpy(), "not_asked")
    return responses.assign(
        **{
            column: pd.Series(found[name].to_numpy(), index=responses.index, dtype="float64")
            for name, column in {"mark": "rating", **mass}.items()
        },
        rating_status=pd.Series(status.to_numpy(), index=responses.index, dtype="str"),
    )
