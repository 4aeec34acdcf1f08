"""Parameters of `pool_ratings`."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from instruction_tuning.lm.request_parameters import RequestParameters
from instruction_tuning.verification.rating_form import RatingForm, ScoredBy

Measure = Literal["tags", "judge_rating", "difficulty_rating", "deita", "pre_experience", "learnability"]

_PROMPTS = {
    "tags": ("tagging",),
    "difficulty_rating": ("difficulty",),
    "deita": ("evolving", "critique", "joint_complexity", "joint_quality"),
}


class TagParameters(BaseModel):
    """How many tokens a list of tags may take, and InsTag's four steps of normalisation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_tokens: int = Field(gt=0)
    alpha: int = Field(ge=1, description="records that a tag needs to be kept")
    eps: float = Field(gt=0, lt=1, description="cosine distance of tags in one cluster")
    min_support: int = Field(ge=1)
    min_confidence: float = Field(gt=0, le=1)
    min_jaccard: float = Field(ge=0, le=1)


class DeitaParameters(BaseModel):
    """How many records become ladders, how high those are, and the training of the scorers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seeds: int = Field(ge=2)
    steps: int = Field(ge=1, le=8)
    max_tokens: int = Field(gt=0)
    num_train_epochs: float = Field(gt=0)
    max_length_tokens: int = Field(gt=0)


class PreExperienceParameters(BaseModel):
    """Cherry's short first training, on records of every cluster."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clusters: int = Field(ge=1)
    per_cluster: int = Field(ge=1)
    num_train_epochs: float = Field(gt=0)


class PoolRatingsParameters(BaseModel):
    """What is measured; what is not named in `measures` costs nothing and stays unknown.

    `score_by` and `structured_output` are of judge_rating.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    measures: tuple[Measure, ...]
    temperature: float = Field(ge=0, le=2)
    score_by: ScoredBy = "parsed_text"
    structured_output: bool = False
    rating_max_tokens: int = Field(gt=0)
    max_unreadable_rate: float = Field(ge=0, le=1)
    tags: TagParameters
    deita: DeitaParameters
    pre_experience: PreExperienceParameters
    requests: RequestParameters
    work_folder: Path
    seed: int

    @property
    def rating_form(self) -> RatingForm:
        """How the ratings of answers are asked for and read."""
        return RatingForm(score_by=self.score_by, structured_output=self.structured_output)

    @property
    def asks_teacher(self) -> bool:
        """Whether a measure is somebody's word; the others are worked out here."""
        return bool(self.teacher_prompts)

    @property
    def teacher_prompts(self) -> tuple[str, ...]:
        """The prompt files that teacher and judge are asked by."""
        prompts = {**_PROMPTS, "judge_rating": (self.rating_form.prompt,)}
        return tuple(name for measure in self.measures for name in prompts.get(measure, ()))
