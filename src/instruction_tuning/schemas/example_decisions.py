"""What became of each chat of the mixture when it was cut to the length that is trained with."""

import pandera.pandas as pa

TRAINED, CUT, DROPPED = "trained", "cut", "dropped"


class ExampleDecisions(pa.DataFrameModel):
    """One chat of `sft_mixture` a row; `tokens` of the whole chat, `trained_tokens` those with a loss.

    `trained` in full, `cut` at the end, or `dropped`, since no token of an answer was left. The last two have
    a reason.
    """

    example_id: str = pa.Field(unique=True)
    record_id: str
    decision: str = pa.Field(isin=[TRAINED, CUT, DROPPED])
    reason: str = pa.Field(nullable=True)
    tokens: int = pa.Field(gt=0)
    trained_tokens: int = pa.Field(ge=0)

    class Config:
        strict = True
