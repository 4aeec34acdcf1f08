"""What the model is trained on, and what is held out."""

import pandas as pd
import pandera.pandas as pa


class SFTMixture(pa.DataFrameModel):
    """One training example a row: a chat (turns, loss on the assistant's) or a document (text, loss on all).

    `sft_validation` has the same columns. `parent_ids` of a chat: its record, then the response if a teacher
    gave it.
    """

    example_id: str = pa.Field(unique=True)
    kind: str = pa.Field(isin=["chat", "document"])
    messages: object = pa.Field(nullable=True)
    text: str = pa.Field(nullable=True)
    source: str
    parent_ids: object

    class Config:
        strict = True

    @pa.dataframe_check(error="a chat has messages and no text, a document has text and no messages")
    def content_fits_the_kind(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        is_chat = frame["kind"] == "chat"
        return (frame["messages"].notna() == is_chat) & (frame["text"].isna() == is_chat)
