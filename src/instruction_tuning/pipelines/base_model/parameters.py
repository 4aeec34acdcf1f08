"""Parameters of the base_model pipeline."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """The size of a Llama-architecture decoder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hidden_size: int = Field(gt=0)
    num_hidden_layers: int = Field(gt=0)
    num_attention_heads: int = Field(gt=0)
    intermediate_size: int = Field(gt=0)


class BaseModelParameters(BaseModel):
    """What to train: `size` picks one of `shapes`; lengths and counts are in tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Literal["small", "default", "large"]
    shapes: dict[Literal["small", "default", "large"], Shape]
    vocab_size: int = Field(ge=300)
    documents: int = Field(gt=0)
    late_documents: int = Field(gt=0)
    tokenizer_documents: int = Field(gt=0)
    max_length: int = Field(ge=64)
    short_length: int = Field(ge=16)
    long_share: float = Field(ge=0, le=1)
    batch_tokens: int = Field(gt=0)
    train_tokens: int = Field(gt=0)
    late_tokens: int = Field(gt=0)
    late_rate: float = Field(gt=0, le=1)
    learning_rate: float = Field(gt=0)
    muon_learning_rate: float = Field(gt=0)
    warmup_steps: int = Field(gt=0)
    weight_decay: float = Field(ge=0)
    compile: bool
    seed: int
