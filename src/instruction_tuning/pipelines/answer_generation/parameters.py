"""Parameters of `answer_generation`."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class AnswerGenerationParameters(BaseModel):
    """Where answers come from, how they are asked for, and what they must reach.

    `strategy: source` takes the records' own answers and sends nothing; all but the strategy is then
    without effect. `budget_usd` null is no limit. A server that answers nothing but 429 (too many requests)
    is waited for `rate_limit_patience_seconds`; after that its requests count as failed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    strategy: Literal["teacher", "source"]
    num_samples: int = Field(ge=1, le=128)
    temperature: float = Field(ge=0, le=2)
    max_tokens: int = Field(gt=0)
    use_system_prompt: bool
    rating_temperature: float = Field(ge=0, le=2)
    rating_max_tokens: int = Field(gt=0)
    min_rating: float = Field(ge=1, le=10)
    max_concurrency: int = Field(ge=1, le=1024)
    max_retries: int = Field(ge=0, le=20)
    rate_limit_patience_seconds: float = Field(gt=0)
    max_failure_rate: float = Field(ge=0, le=1)
    max_unreadable_rate: float = Field(ge=0, le=1)
    budget_usd: float | None = Field(ge=0)
    progress_seconds: float = Field(gt=0)
    completion_store: Path
    seed: int
