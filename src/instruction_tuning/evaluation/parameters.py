"""The parameter section `evaluation`, of the pipeline and of every other that measures as it does."""

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from instruction_tuning.evaluation.task_files import BenchmarkSettings


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

    def settings(self) -> "BenchmarkSettings":
        """What `evaluation.benchmarks.measure_model` wants to know."""
        from instruction_tuning.evaluation.task_files import BenchmarkSettings

        chosen = self.model_dump()
        return BenchmarkSettings(**{name: chosen[name] for name in BenchmarkSettings.__dataclass_fields__})
