"""What a selection method looks at beside the vectors of the pool's records."""

import pandera.pandas as pa


class ScoredPool(pa.DataFrameModel):
    """One record of the pool a row: a column for each score that a method names, and `tags` where it goes by
    them; null where it could not be measured.
    """

    record_id: str = pa.Field(unique=True)
