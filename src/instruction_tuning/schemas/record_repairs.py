"""What reading changed in a row's texts."""

import pandera.pandas as pa


class RecordRepairs(pa.DataFrameModel):
    """One repaired text a row: `before` stood in `field`; what became of it is in the record's messages.

    `repairs` are the flags that the record carries for it.
    """

    source_row_id: str = pa.Field(str_matches=r"^[0-9a-f]{12}:\d+$")
    field: str
    repairs: object
    before: str

    class Config:
        strict = True
