"""What a teacher, a judge and models that were trained for it said of the pool's records."""

import pandera.pandas as pa


class RatedPool(pa.DataFrameModel):
    """One record of the pool a row, a column for each measure.

    Null where a measure was not asked for, or its answer could not be read.
    """

    record_id: str = pa.Field(unique=True)
