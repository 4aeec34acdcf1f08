"""The topics of a pool's instructions."""

import pandera.pandas as pa


class PoolTopics(pa.DataFrameModel):
    """One topic a row, by size; -1 holds what has none of the words. `examples` are record ids."""

    topic: int = pa.Field(ge=-1, unique=True)
    words: str
    rows: int = pa.Field(ge=0)
    share: float = pa.Field(ge=0, le=1)
    examples: object

    class Config:
        strict = True
