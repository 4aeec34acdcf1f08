"""Parameters of `query_selection`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class QuerySelectionParameters(BaseModel):
    """What a record looks like as a vector, which sampler picks, and how many.

    A budget above the size of the pool selects the whole pool.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sampler: Literal["uniform", "k_center_greedy"]
    budget: int = Field(gt=0)
    embedding: Literal["tfidf_svd", "hidden_states"]
    embedded_text: Literal["prompt", "prompt_and_answer"]
    dimensions: int = Field(gt=1, le=4096, description="of tfidf_svd; hidden_states has the model's width")
    pooling: Literal["mean", "last_token"]
    max_length_tokens: int = Field(gt=0)
    seed: int
