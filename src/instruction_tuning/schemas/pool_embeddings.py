"""Vectors of the pool's records."""

import numpy as np
import pandera.pandas as pa


class PoolEmbeddings(pa.DataFrameModel):
    """One unit-length vector a record in columns e000, e001, …; a text without a term has the zero vector."""

    record_id: str = pa.Field(unique=True)
    component: np.float32 = pa.Field(alias=r"^e\d{3,}$", regex=True)

    class Config:
        strict = True
