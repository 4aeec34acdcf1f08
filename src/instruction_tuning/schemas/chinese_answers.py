"""Verified English examples in Chinese, by two ways."""

import pandas as pd
import pandera.pandas as pa


class ChineseAnswers(pa.DataFrameModel):
    """Two rows an example: the translated instruction answered, and the answer translated.

    `reason` says why a row is no answer to train on; `parent_ids` begins with the record that it was made
    from.
    """

    record_id: str = pa.Field(unique=True, str_matches=r"^[0-9a-f]{16}$")
    way: str = pa.Field(isin=["translated_instruction", "translated_answer"])
    source: str
    prompt: str = pa.Field(nullable=True)
    answer: str = pa.Field(nullable=True)
    messages: object
    status: str = pa.Field(isin=["ok", "failed"])
    reason: str = pa.Field(nullable=True)
    check: str = pa.Field(isin=["passed", "failed", "none"])
    parent_ids: object

    class Config:
        strict = True

    @pa.dataframe_check(error="a failed row has a reason, and an ok one a prompt and an answer")
    def status_fits_the_content(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        is_ok = frame["status"] == "ok"
        return (frame["reason"].isna() == is_ok) & (
            ~is_ok | (frame["prompt"].notna() & frame["answer"].notna())
        )
