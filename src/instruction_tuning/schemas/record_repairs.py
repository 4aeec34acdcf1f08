"""What reading changed in a row's texts."""

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from instruction_tuning.schemas.list_columns import are_lists_of_texts


class RecordRepairs(pa.DataFrameModel):
    """One repaired text a row: `before` stood in `field`; what became of it is in the record's messages.

    `repairs` are the flags that the record carries for it.
    """

    source_row_id: str = pa.Field(str_matches=r"^[0-9a-f]{12}:\d+$")
    field: str
    repairs: Series[Any]
    before: str

    class Config:
        strict = True

    @pa.check("repairs", name="is_list_of_texts")
    def _repairs_are_texts(cls, repairs: "pd.Series[Any]") -> "pd.Series[bool]":
        return are_lists_of_texts(repairs)
