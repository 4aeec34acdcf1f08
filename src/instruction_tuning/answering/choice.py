"""Choose the answers to a query: what failed its check is out, then the highest ratings win.

Best-of-K by a judge's mark (2304.03277 rates responses so), with self-consistency (2203.11171) between
equal marks and the response id last, so that the choice is a function of the frame. A response without
a rating is never chosen: no measurement is no default. O(R log R) for R responses.

By path (rejection sampling, distinct_paths.py) an answer that passed its check needs no rating, and several
answers to a query go different ways; ones that no check decides go by their ratings, if these were asked for,
and only where no answer to the query passed.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from instruction_tuning.answering.distinct_paths import distinct_paths
from instruction_tuning.lm.chat_request import without_answer
from instruction_tuning.verification.check import check_response
from instruction_tuning.verification.equations import path_key
from instruction_tuning.verification.final_answer import agreement_rates
from instruction_tuning.verification.verdict import Verifier

Row = dict[Hashable, Any]

# What may become of a response that is not chosen, that which came furthest first.
_FURTHEST = ("below_min_rating", "unrated", "unverified", "check_failed")
EXAMPLE_DTYPES = {
    "record_id": "str",
    "source": "str",
    "language": "str",
    "messages": "object",
    "prompt": "str",
    "answer": "str",
    "origin": "str",
    "response_id": "str",
    "rating": "float64",
    "check": "str",
    "parent_ids": "object",
}
REJECTION_DTYPES = {
    "record_id": "str",
    "response_id": "str",
    "stage": "str",
    "reason": "str",
    "detail": "str",
}


def choose_answers(
    queries: pd.DataFrame,
    responses: pd.DataFrame,
    *,
    min_rating: float,
    max_answers: int = 1,
    by_path: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(verified examples, rejections): each query is in exactly one of them, in the order of `queries`.

    At most `max_answers` different ones a query, the best first. A rejection names the response that came
    furthest, and what became of all of them.
    """
    responses = responses[responses["response"].notna()]
    ranked = _with_agreement(responses).sort_values(
        ["rating", "agreement_rate", "response_id"], ascending=[False, False, True], na_position="last"
    )
    by_record = {str(record_id): group.to_dict("records") for record_id, group in ranked.groupby("record_id")}
    examples, rejections = [], []
    for query in queries.to_dict("records"):
        candidates = by_record.get(query["record_id"], [])
        fates = [_fate(candidate, min_rating) for candidate in candidates]
        if "chosen" in fates:
            usable = [row for row, fate in zip(candidates, fates, strict=True) if fate == "chosen"]
            picked = _distinct(usable, by_path=by_path)[:max_answers]
            examples += [_teacher_example(query, response) for response in picked]
        else:
            rejections.append(_rejection(query, candidates, fates, min_rating))
    return _frame(examples, EXAMPLE_DTYPES), _frame(rejections, REJECTION_DTYPES)


def keep_source_answers(
    queries: pd.DataFrame, verifiers: Sequence[Verifier] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(verified examples, rejections) where the records' own answers are taken; the checks still apply."""
    examples, rejections = [], []
    for query in queries.to_dict("records"):
        if not isinstance(query["answer"], str):
            rejections.append(_rejected(query, None, "answer", "no_response", "the record has no answer"))
            continue
        checked = check_response(query, query["answer"], verifiers)
        if checked.check == "failed":
            rejections.append(_rejected(query, None, "check", "check_failed", checked.detail))
            continue
        values = {"response_id": None, "rating": None, "check": checked.check}
        examples.append(_example(query, query["answer"], {"origin": "source", **values}))
    return _frame(examples, EXAMPLE_DTYPES), _frame(rejections, REJECTION_DTYPES)


def rejection_reasons(
    queries: pd.DataFrame, responses: pd.DataFrame, examples: pd.DataFrame
) -> dict[str, str]:
    """By record id, why a query is not in `examples`, as the functions of this module say it.

    It follows from the responses: of a query that got none of them, one that has a rating was below
    `min_rating`.
    """
    fates: dict[str, set[str]] = {str(record_id): set() for record_id in responses["record_id"]}
    columns = ["record_id", "check", "rating", "rating_status"]
    came = responses.loc[responses["response"].notna(), columns]
    for row in came.to_dict("records"):
        fates[row["record_id"]].add(_fate(row, float("inf")))

    def reason(record_id: str, answer: object) -> str:
        if record_id not in fates:  # no teacher was asked: it had an answer of its own, or none
            return "check_failed" if isinstance(answer, str) else "no_response"
        return next((fate for fate in _FURTHEST if fate in fates[record_id]), "no_response")

    without = queries[~queries["record_id"].isin(examples["record_id"])]
    pairs = zip(without["record_id"], without["answer"], strict=True)
    return {str(name): reason(str(name), answer) for name, answer in pairs}


def _with_agreement(responses: pd.DataFrame) -> pd.DataFrame:
    rates: dict[Hashable, float] = {}
    for _, group in responses.groupby("record_id"):
        rates.update(zip(group.index, agreement_rates(group["response"].tolist()), strict=True))
    return responses.assign(agreement_rate=pd.Series(rates, index=responses.index, dtype="float64"))


def _fate(response: Row, min_rating: float) -> str:
    if response["check"] == "failed":
        return "check_failed"
    if response["rating_status"] == "not_asked":
        return "chosen" if response["check"] == "passed" else "unverified"
    if pd.isna(response["rating"]):
        return "unrated"
    return "chosen" if response["rating"] >= min_rating else "below_min_rating"


def _distinct(candidates: list[Row], *, by_path: bool) -> list[Row]:
    """One candidate a path, or a text, the best first; by path only those that passed, if any did."""
    # They have no rating, by which they would come last.
    passed = [candidate for candidate in candidates if by_path and candidate["check"] == "passed"]
    if passed:
        return [passed[place] for place in distinct_paths([_text(candidate) for candidate in passed])]
    best: dict[Hashable, Row] = {}
    for candidate in candidates:
        text = _text(candidate)
        best.setdefault(path_key(text) if by_path else text, candidate)
    return list(best.values())


def _text(response: Row) -> str:
    return str(response["response"]).strip()


def _rejection(query: Row, candidates: list[Row], fates: list[str], min_rating: float) -> Row:
    if not candidates:
        return _rejected(query, None, "answer", "no_response", "no request for it brought a text")
    # The reason is that of the response that came furthest.
    reason = next(fate for fate in _FURTHEST if fate in fates)
    furthest = candidates[fates.index(reason)]
    because = {
        "below_min_rating": f"the best rating is {furthest['rating']:g}, below {min_rating:g}",
        "unrated": f"the rating is {furthest['rating_status']}",
        "unverified": "nothing checks its answers, and none was rated",
        "check_failed": str(furthest["check_detail"]),
    }[reason]
    counts = ", ".join(f"{fates.count(fate)} {fate}" for fate in dict.fromkeys(fates))
    stage = "check" if reason in ("check_failed", "unverified") else "rating"
    detail = f"{because} (responses: {counts})"
    return _rejected(query, furthest["response_id"], stage, reason, detail)


def _rejected(query: Row, response_id: str | None, stage: str, reason: str, detail: str | None) -> Row:
    return {
        "record_id": query["record_id"],
        "response_id": response_id,
        "stage": stage,
        "reason": reason,
        "detail": detail,
    }


def _teacher_example(query: Row, response: Row) -> dict[str, Any]:
    values = {name: response[name] for name in ("response_id", "rating", "check")}
    return _example(query, response["response"], {"origin": "teacher", **values})


def _example(query: Row, answer: str, values: dict[str, Any]) -> dict[str, Any]:
    turns = without_answer(query["messages"])
    answer = answer.strip()
    return {
        "record_id": query["record_id"],
        "source": query["source"],
        "language": query["language"],
        "messages": [*turns, {"role": "assistant", "content": answer}],
        "prompt": query["prompt"],
        "answer": answer,
        "parent_ids": [query["record_id"], *([values["response_id"]] if values["response_id"] else [])],
        **values,
    }


def _frame(rows: Sequence[Mapping[Any, Any]], dtypes: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(dtypes)).astype(dtypes)
