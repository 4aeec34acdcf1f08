"""What self-alignment wrote: prompts and answers, kept and dropped, identity records and longer answers."""

import pandas as pd
import pandera.pandas as pa


class SelfAlignedExamples(pa.DataFrameModel):
    """`stage` is how far a row came: prompt (no answer was asked for), answer, verbose (a longer answer, its
    parent the short one's row) or identity. Only `prompt` and `answer` of kept rows are trained on;
    `thoughts` name the `principles`, and where a reply could not be read hold all of it.
    """

    example_id: str = pa.Field(unique=True, str_matches=r"^[0-9a-f]{16}$")
    stage: str = pa.Field(isin=["prompt", "answer", "verbose", "identity"])
    origin: str = pa.Field(isin=["topic", "file", "identity"])
    kind: str = pa.Field(nullable=True)
    topic: str = pa.Field(nullable=True)
    adversarial: bool
    language: str = pa.Field(nullable=True)
    prompt: str = pa.Field(nullable=True)
    thoughts: str = pa.Field(nullable=True)
    principles: object
    answer: str = pa.Field(nullable=True)
    model: str = pa.Field(nullable=True)
    status: str = pa.Field(isin=["kept", "dropped"])
    reason: str = pa.Field(nullable=True, str_matches=r"^[a-z_]+$")
    parent_ids: object

    class Config:
        strict = True

    @pa.dataframe_check(error="a dropped row, and no other, has a reason")
    def every_drop_has_a_reason(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        return frame["reason"].notna() == (frame["status"] == "dropped")

    @pa.dataframe_check(error="a kept row has a prompt and an answer")
    def what_is_kept_is_whole(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        return (frame["status"] != "kept") | (frame["prompt"].notna() & frame["answer"].notna())
