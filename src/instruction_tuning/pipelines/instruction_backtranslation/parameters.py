"""Parameters of `instruction_backtranslation`."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from instruction_tuning.lm.request_parameters import RequestParameters
from instruction_tuning.synthesis.backtranslation.rounds import KeptLevel
from instruction_tuning.synthesis.backtranslation.source_tags import SEED, WEB, FormName, Source
from instruction_tuning.verification.rating_form import ScoredBy

Writer = Literal["model", "teacher"]


class BacktranslationParameters(BaseModel):
    """Seeds, candidates, curation and training; each model is trained from the base by the recipe of `sft`.

    `written_by` and `curated_by` say who does what the reverse and the forward model do in the paper; a
    teacher's tokens have no probabilities here, so it is read by its text. `truth` compares the curation with
    what is known of the microworld's own documents.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seeds: Literal["pool", "verified_examples"]
    seed_pairs: int | None = Field(ge=2)

    written_by: Writer
    reverse_form: FormName
    temperature: float = Field(ge=0, le=2)
    top_p: float = Field(gt=0, le=1)
    max_new_tokens: int = Field(gt=0)
    max_instruction_characters: int = Field(gt=0)
    max_repeated_share: float = Field(ge=0, le=1)
    max_rejected_rate: float = Field(ge=0, le=1)

    curated_by: Writer
    rating_form: FormName
    score_by: ScoredBy
    keep_level: KeptLevel
    rating_max_new_tokens: int = Field(gt=0)
    max_unreadable_rate: float = Field(ge=0, le=1)

    source_tags: bool
    inference_tags: tuple[Source, ...]

    num_train_epochs: float = Field(gt=0)
    truth: Literal["microworld"] | None
    part_size: int = Field(gt=0)
    requests: RequestParameters
    work_folder: Path
    seed: int

    @model_validator(mode="after")
    def _settings_fit(self) -> Self:
        if self.curated_by == "teacher" and self.score_by != "parsed_text":
            raise ValueError("a teacher's level is read from its text: score_by has to be parsed_text")
        if not set(self.inference_tags) <= ({SEED, WEB} if self.source_tags else set()):
            raise ValueError("inference_tags need source_tags: a model that never saw a tag cannot heed it")
        return self

    @property
    def asks_teacher(self) -> bool:
        """Whether somebody else than a model trained here writes or judges."""
        return "teacher" in (self.written_by, self.curated_by)

    @property
    def teacher_prompts(self) -> tuple[str, ...]:
        """The prompt files that a teacher is asked by; models that are trained here have their own forms."""
        roles = (("backtranslation", self.written_by), ("curation", self.curated_by))
        return tuple(name for name, by in roles if by == "teacher")
