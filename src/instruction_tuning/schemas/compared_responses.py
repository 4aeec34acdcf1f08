"""Several models' answers to the same queries, with the judge's scores."""

from typing import Any

import pandas as pd
import pandera.pandas as pa

_STATUS = ["ok", "unparseable", "failed", "not_asked"]


class ComparedResponses(pa.DataFrameModel):
    """One row a query and model; `response` is null where no answer came, and nothing was scored.

    `score` is `alone_score` or `joint_score`, as the parameters say. `joint_scores` are the ratings side by
    side in the order of the requests (null: unreadable), `joint_places` the answer's place in each;
    `joint_score` is their mean and `joint_spread` highest less lowest, both null unless all were read.
    `messages` is the query without an answer. Costs add up to all that was paid for answers and ratings.
    """

    response_id: str = pa.Field(unique=True)
    record_id: str
    sample_index: int = pa.Field(ge=0)
    model: str
    model_id: str
    origin: str = pa.Field(isin=["endpoint", "local", "record", "file"])
    is_judges_own: bool
    language: str
    prompt: str
    messages: object
    response: str = pa.Field(nullable=True)
    no_response: str = pa.Field(nullable=True)
    score: float = pa.Field(ge=1, le=10, nullable=True)
    score_status: str = pa.Field(isin=["ok", "unparseable", "failed"])
    alone_score: float = pa.Field(ge=1, le=10, nullable=True)
    alone_status: str = pa.Field(isin=_STATUS)
    joint_score: float = pa.Field(ge=1, le=10, nullable=True)
    joint_spread: float = pa.Field(ge=0, le=9, nullable=True)
    joint_status: str = pa.Field(isin=_STATUS)
    joint_scores: object
    joint_places: object
    check: str = pa.Field(isin=["passed", "failed", "none"])
    check_detail: str = pa.Field(nullable=True)
    requests: int = pa.Field(ge=0)
    prompt_tokens: int = pa.Field(ge=0)
    completion_tokens: int = pa.Field(ge=0)
    price_usd: float = pa.Field(ge=0, nullable=True)

    class Config:
        strict = True
        unique = ("record_id", "model")

    @pa.dataframe_check(error="a score is null exactly where its status is not ok")
    def status_fits_the_score(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        fits = [
            frame[f"{name}score"].notna() == (frame[f"{name}status"] == "ok") for name in ("alone_", "joint_")
        ]
        return fits[0] & fits[1] & (frame["score"].notna() == (frame["score_status"] == "ok"))

    @pa.dataframe_check(error="a row has a response, or says why there is none")
    def nothing_is_silent(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        return frame["response"].notna() != frame["no_response"].notna()

    @pa.dataframe_check(error="each rating side by side has its place")
    def places_fit_the_scores(cls, frame: pd.DataFrame) -> "pd.Series[Any]":
        return frame["joint_scores"].map(len) == frame["joint_places"].map(len)
