"""Several models' answers to the same queries, with the judge's scores: the comparison data of GPT-4-LLM.

Instruction tuning with GPT-4 (arXiv 2304.03277), section 2: a judge marks each of K models' answers from 1 to
10. O(answers · orders).
Departures: the mark is asked for alone, side by side, or both; side by side it is the mean over orders
(verification/joint_rating.py) and null unless every order gave one; the judge's own answers are marked.
"""

from typing import Literal

import pandas as pd

from instruction_tuning.verification.marks import FAILED, READ, UNPARSEABLE

NOT_ASKED = "not_asked"
Way = Literal["alone", "joint"]
_KEY = ["record_id", "response"]


def compared_responses(
    answers: pd.DataFrame,
    alone: pd.DataFrame | None,
    joint: pd.DataFrame | None,
    *,
    score_from: Way,
) -> pd.DataFrame:
    """`answers` with the scores of both ways, and `score` from the one that is named.

    `alone`: completions with marks, by record_id and sample_index; `joint`: a row an answer and order; null
    where the way was not asked for.
    """
    scored = _with_joint(_with_alone(answers, alone), joint)
    status = scored[f"{score_from}_status"].replace({NOT_ASKED: FAILED})
    return scored.assign(score=scored[f"{score_from}_score"], score_status=status.astype("str"))


def rated_form(compared: pd.DataFrame) -> pd.DataFrame:
    """The columns of schemas.rated_responses, which reward/preference_pairs.py and the reward model read."""
    columns = [
        *("response_id", "record_id", "sample_index", "prompt", "messages", "response", "model"),
        *("rating", "rating_status", "check", "check_detail"),
        *("requests", "prompt_tokens", "completion_tokens", "price_usd"),
    ]
    named = compared.rename(columns={"score": "rating", "score_status": "rating_status"})
    return named[[name for name in columns if name in named]]


def _with_alone(answers: pd.DataFrame, marked: pd.DataFrame | None) -> pd.DataFrame:
    if marked is None:
        return answers.assign(
            alone_score=pd.Series(dtype="float64", index=answers.index),
            alone_status=pd.Series(NOT_ASKED, index=answers.index, dtype="str"),
        )
    key = ["record_id", "sample_index"]
    found = answers[key].merge(
        marked[[*key, "mark", "mark_status"]], on=key, how="left", validate="one_to_one"
    )
    return answers.assign(
        alone_score=found["mark"].to_numpy(dtype="float64"),
        alone_status=pd.Series(
            found["mark_status"].fillna(FAILED).to_numpy(), index=answers.index, dtype="str"
        ),
    )


def _with_joint(answers: pd.DataFrame, joint: pd.DataFrame | None) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    asked = {} if joint is None else dict(iter(joint.sort_values("order").groupby(_KEY)))
    for key in zip(answers["record_id"], answers["response"], strict=True):
        found = asked.get(key) if isinstance(key[1], str) else None
        if found is None:
            status = NOT_ASKED if joint is None else FAILED
            rows.append((float("nan"), float("nan"), status, [], []))
            continue
        ratings = found["rating"]
        states = set(found["status"])
        status = READ if states == {READ} else UNPARSEABLE if UNPARSEABLE in states else FAILED
        mean = float(ratings.sum()) / len(ratings) if status == READ else float("nan")
        spread = float(ratings.max() - ratings.min()) if status == READ else float("nan")
        by_order = [None if pd.isna(rating) else float(rating) for rating in ratings]
        rows.append((mean, spread, status, by_order, [int(place) for place in found["place"]]))
    names = ["joint_score", "joint_spread", "joint_status", "joint_scores", "joint_places"]
    columns = pd.DataFrame(rows, columns=names, index=answers.index)
    types = {"joint_score": "float64", "joint_spread": "float64", "joint_status": "str"}
    return answers.assign(**columns.astype(types))
