"""Parameters of `annotation`; conf/base/parameters_annotation.yml holds the defaults."""

from pydantic import BaseModel, ConfigDict, Field

from instruction_tuning.annotation.gold import GoldPerTask


class TasksOfKind(BaseModel):
    """How many tasks of a kind there are at most, and how many people do each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = Field(ge=0)
    annotators: int = Field(ge=1)


class TaskNumbers(BaseModel):
    """The same for all kinds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rewrite: TasksOfKind
    correct: TasksOfKind
    review: TasksOfKind
    compare: TasksOfKind


class AnnotationParameters(BaseModel):
    """Which tasks are made, and which of several people's answers is gold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tasks: TaskNumbers
    continuation_temperature: float = Field(ge=0, le=2)
    continuation_max_new_tokens: int = Field(ge=1)
    correct_max_rating: float | None = Field(
        ge=1, le=10, description="only answers rated that low, or that failed a check; null: all"
    )
    gold_per_task: GoldPerTask
    seed: int
