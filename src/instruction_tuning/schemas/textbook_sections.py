"""Sections of a textbook that a language model wrote, kept and dropped."""

import pandas as pd
import pandera.pandas as pa


class TextbookSections(pa.DataFrameModel):
    """One subject in one language a row; `text` is null where no reply came."""

    section_id: str = pa.Field(unique=True, str_matches=r"^[0-9a-f]{16}$")
    topic: str
    language: str = pa.Field(isin=["en", "zh"])
    text: str = pa.Field(nullable=True)
    status: str = pa.Field(isin=["kept", "dropped"])
    drop_reason: str = pa.Field(nullable=True, str_matches=r"^[a-z][a-z_]*$")
    prompt_digest: str = pa.Field(str_matches=r"^[0-9a-f]{12}$")

    class Config:
        strict = True

    @pa.dataframe_check(error="a dropped section, and no other, has a reason; a kept one has a text")
    def status_fits_the_content(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        is_kept = frame["status"] == "kept"
        return (frame["drop_reason"].isna() == is_kept) & (frame["text"].notna() | ~is_kept)
