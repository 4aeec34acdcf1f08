"""Parameters of `self_alignment`."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from instruction_tuning.lm.request_parameters import RequestParameters
from instruction_tuning.prompts import alignment_files as files
from instruction_tuning.prompts.alignment_files import IdentityRecord


class IdentityParameters(BaseModel):
    """Who the model says that it is; `records` null is prompts/identity.yml. Without a name no records."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None
    maker: str | None
    records: Path | None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.name is None) != (self.maker is None):
            raise ValueError("name both `name` and `maker`, or neither")
        return self

    def read(self) -> list[IdentityRecord]:
        """The records, filled in."""
        if self.name is None or self.maker is None:
            return []
        return files.read_identity(self.records, name=self.name, maker=self.maker)


class SelfAlignmentParameters(BaseModel):
    """`principles`, `exemplars`, `topics` are YAML files of yours; null: those in prompts/.

    `answerer: base_model` samples the base here by plain continuation and asks nobody.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    answerer: Literal["teacher", "base_model"]
    principles: Path | None
    exemplars: Path | None
    topics: Path | None
    new_topics: int = Field(ge=0, description="of a kind, beside those of the file")
    prompts_per_topic: int = Field(ge=0, le=64)
    prompt_files: Path | None
    temperature: float = Field(ge=0, le=2)
    max_tokens: int = Field(gt=0)
    revision_rounds: int = Field(ge=0, le=8)
    rating_temperature: float = Field(ge=0, le=2)
    rating_max_tokens: int = Field(gt=0)
    verbose_cloning: bool
    verbose_max_tokens: int = Field(gt=0)
    identity: IdentityParameters
    max_unreadable_rate: float = Field(ge=0, le=1)
    requests: RequestParameters
    seed: int

    @model_validator(mode="after")
    def _somebody_judges(self) -> Self:
        if self.revision_rounds and self.answerer != "teacher":
            raise ValueError(
                "revisions are asked of a teacher: set revision_rounds to 0, or answerer to teacher"
            )
        return self

    @property
    def asks_teacher(self) -> bool:
        """Whether somebody else than the base model writes."""
        return self.answerer == "teacher"

    @property
    def teacher_prompts(self) -> tuple[str, ...]:
        """The prompt files that teacher and judge are asked by."""
        parts = (
            (self.new_topics, ("topic",)),
            (self.prompts_per_topic, ("topic_question",)),
            (True, ("principled_answer",)),
            (self.revision_rounds, ("critique", "rating")),
            (self.verbose_cloning, ("verbose_answer",)),
        )
        return tuple(name for used, names in parts if used for name in names)

    def content_identity(self) -> dict[str, Any]:
        """Files count by what is in them; those in prompts/ are read through the code's folder."""
        told = {
            "principles": [one.model_dump() for one in files.read_principles(self.principles)],
            "exemplars": [one.model_dump() for one in files.read_exemplars(self.exemplars)],
            "topics": [one.model_dump() for one in files.read_topic_kinds(self.topics)],
            "identity": [one.model_dump() for one in self.identity.read()],
        }
        if self.prompt_files is not None:
            from instruction_tuning.canonical.raw_files import list_raw_files

            told["prompt_files"] = [{"sha256": file.sha256} for file in list_raw_files(self.prompt_files)]
        return {**self.model_dump(mode="json"), "content": told}
