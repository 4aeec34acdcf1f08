"""The teacher's answers with their checks and ratings."""

import pandas as pd
import pandera.pandas as pa


class RatedResponses(pa.DataFrameModel):
    """One response that has a text a row; `messages` is the prompt without an answer."""

    response_id: str = pa.Field(unique=True)
    record_id: str
    sample_index: int = pa.Field(ge=0)
    prompt: str
    messages: object
    response: str
    model: str
    rating: float = pa.Field(ge=1, le=10, nullable=True)
    rating_status: str = pa.Field(isin=["ok", "unparseable", "failed"])
    check: str = pa.Field(isin=["passed", "failed", "none"])
    check_detail: str = pa.Field(nullable=True)

    class Config:
        strict = True

    @pa.dataframe_check(error="a rating is null exactly where its status is not ok")
    def status_fits_the_rating(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        return frame["rating"].notna() == (frame["rating_status"] == "ok")
