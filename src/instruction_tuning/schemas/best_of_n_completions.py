"""Several answers of the tuned model to one prompt, ranked by the reward model."""

import pandera.pandas as pa


class BestOfNCompletions(pa.DataFrameModel):
    """One sampled completion a row; rank 0 has the highest reward of its prompt.

    `reward` is null where prompt and completion are longer than the reward model was trained with.
    """

    record_id: str
    prompt: str
    sample_index: int = pa.Field(ge=0)
    completion: str
    reward: float = pa.Field(nullable=True)
    rank: int = pa.Field(ge=0)
    check: str = pa.Field(isin=["passed", "failed", "none"])

    class Config:
        unique = ("record_id", "sample_index")
