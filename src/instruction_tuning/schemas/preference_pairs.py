"""Pairs of answers to one prompt, the better one named."""

import pandera.pandas as pa


class PreferencePairs(pa.DataFrameModel):
    """`chosen` was preferred to `rejected`; `test` are the records that SFT held out."""

    pair_id: str = pa.Field(unique=True)
    record_id: str
    messages: object
    chosen: str
    rejected: str
    chosen_rating: float = pa.Field(nullable=True)
    rejected_rating: float = pa.Field(nullable=True)
    margin: float = pa.Field(nullable=True)
    decided_by_check: bool
    split: str = pa.Field(isin=["train", "test"])
