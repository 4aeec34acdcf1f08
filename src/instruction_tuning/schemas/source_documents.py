"""Texts of raw files that ask nothing: no instructions, but what instructions can be made from."""

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from instruction_tuning.schemas.canonical_instructions import LANGUAGE
from instruction_tuning.schemas.list_columns import are_lists_of_texts


class SourceDocuments(pa.DataFrameModel):
    """One text a row. Exact duplicates share `document_id` and differ in `source_row_id`."""

    document_id: Series[str] = pa.Field(str_matches=r"^[0-9a-f]{16}$")
    source_row_id: Series[str] = pa.Field(unique=True, str_matches=r"^[0-9a-f]{12}:\d+$")
    source: Series[str]
    language: Series[str] = pa.Field(str_matches=LANGUAGE)
    category: Series[str] = pa.Field(nullable=True)
    licence: Series[str] = pa.Field(nullable=True)
    original_id: Series[str] = pa.Field(nullable=True)
    title: Series[str] = pa.Field(nullable=True)
    text: Series[str] = pa.Field(str_length={"min_value": 1})
    flags: Series[Any]

    class Config:
        strict = True

    @pa.check("flags", name="is_list_of_texts")
    def _flags_are_texts(cls, flags: "pd.Series[Any]") -> "pd.Series[bool]":
        return are_lists_of_texts(flags)
