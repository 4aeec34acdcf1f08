"""Running text that a model reads in full: what a base was trained on, and what is mixed into fine-tuning."""

import pandera.pandas as pa


class Documents(pa.DataFrameModel):
    """One document a row; other columns may stand beside these, and are not read."""

    document_id: str = pa.Field(unique=True)
    text: str = pa.Field(str_length={"min_value": 1})
