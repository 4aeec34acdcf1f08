"""The teacher's answers with their checks, ratings and costs."""

import pandas as pd
import pandera.pandas as pa


class RatedResponses(pa.DataFrameModel):
    """One response that was asked for a row; `response` is null where none came, and nothing was rated.

    `rating_covered_mass` is there where ratings are expected values (verification/rating_form.py): what they
    stand on. `messages` is the prompt without an answer. The last four columns add up to all that was paid:
    the tokens and the price of a request stand on the first response that it was sent for.
    """

    response_id: str = pa.Field(unique=True)
    record_id: str
    sample_index: int = pa.Field(ge=0)
    prompt: str
    messages: object
    response: str = pa.Field(nullable=True)
    model: str
    rating: float = pa.Field(ge=1, le=10, nullable=True)
    rating_covered_mass: float | None = pa.Field(ge=0, le=1, nullable=True)
    rating_status: str = pa.Field(isin=["ok", "unparseable", "failed", "not_asked"])
    check: str = pa.Field(isin=["passed", "failed", "none"])
    check_detail: str = pa.Field(nullable=True)
    requests: int = pa.Field(ge=0)
    prompt_tokens: int = pa.Field(ge=0)
    completion_tokens: int = pa.Field(ge=0)
    price_usd: float = pa.Field(ge=0, nullable=True)

    class Config:
        strict = True

    @pa.dataframe_check(error="a rating is null exactly where its status is not ok")
    def status_fits_the_rating(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        return frame["rating"].notna() == (frame["rating_status"] == "ok")

    @pa.dataframe_check(error="what did not come is neither checked nor rated")
    def nothing_is_known_of_what_did_not_come(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        unknown = (frame["rating_status"] == "failed") & (frame["check"] == "none")
        return frame["response"].notna() | unknown
