"""The raw files that a pool was read from."""

import pandera.pandas as pa


class SourceFiles(pa.DataFrameModel):
    """One raw file a row; its rows are `records`, `documents` and `unreadable` together.

    `source` is the name that its records carry; the first 12 digits of `sha256` begin their `source_row_id`.
    """

    source: str
    file: str
    sha256: str = pa.Field(unique=True, str_matches=r"^[0-9a-f]{64}$")
    bytes: int = pa.Field(ge=0)
    records: int = pa.Field(ge=0)
    documents: int = pa.Field(ge=0)
    unreadable: int = pa.Field(ge=0)

    class Config:
        strict = True
