"""Parameters of `evaluation`."""

from pydantic import BaseModel, ConfigDict, Field


class EvaluationParameters(BaseModel):
    """What is measured, how, and what a candidate must show to be promoted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    items_per_ability: int = Field(gt=0)
    items_per_reported_ability: int = Field(gt=0)
    few_shot: int = Field(ge=1)
    batch_size: int = Field(gt=0)
    max_new_tokens_chat: int = Field(gt=0)
    max_new_tokens_document: int = Field(gt=0)
    seed: int

    delta: float = Field(gt=0, lt=1)
    alpha: float = Field(gt=0, lt=0.5)
    confidence: float = Field(gt=0.5, lt=1)
    min_extraction_rate: float = Field(ge=0, le=1)
    promote: bool

    work_folder: str
