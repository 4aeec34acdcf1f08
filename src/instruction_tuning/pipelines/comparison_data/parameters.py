"""Parameters of `comparison_data`."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.request_parameters import RequestParameters
from instruction_tuning.verification.rating_form import RatingForm, ScoredBy


class ComparedModel(BaseModel):
    """Where one model's answers come from.

    `teacher` and `endpoint` are asked over HTTP; `base_model`, `champion` and `folder` are sampled here;
    `record` are the queries' own answers, `file` those of raw records in any format that ingestion reads.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Literal["teacher", "endpoint", "base_model", "champion", "folder", "record", "file"]
    endpoint: Endpoint | None = None
    path: Path | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        wants = {"endpoint": ("endpoint",), "folder": ("path",), "file": ("path",)}.get(self.source, ())
        given = tuple(name for name in ("endpoint", "path") if getattr(self, name) is not None)
        if given != wants:
            raise ValueError(f"`source: {self.source}` takes {' and '.join(wants) or 'nothing else'}")
        if self.endpoint is not None and self.endpoint.base_url == "microworld":
            raise ValueError("the built-in teacher is `source: teacher`")
        return self

    @property
    def origin(self) -> str:
        """What schemas.compared_responses calls it."""
        local = ("base_model", "champion", "folder")
        return (
            "local" if self.source in local else "endpoint" if self.source == "teacher" else str(self.source)
        )


class RatingParameters(BaseModel):
    """How the judge is asked; `orders` null shows each answer in every place, as many requests as answers.

    `score_by` and `structured_output` are of ratings alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ways: tuple[Literal["alone", "joint"], ...] = Field(min_length=1)
    score_from: Literal["alone", "joint"]
    orders: int | None = Field(ge=1)
    score_by: ScoredBy = "parsed_text"
    structured_output: bool = False
    temperature: float = Field(ge=0, le=2)
    max_tokens_alone: int = Field(gt=0)
    max_tokens_joint: int = Field(gt=0)
    max_unreadable_rate: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _scores_come(self) -> Self:
        if self.score_from not in self.ways:
            raise ValueError(f"score_from is {self.score_from}, which is not among ways {list(self.ways)}")
        return self


class ComparisonDataParameters(BaseModel):
    """Whose answers to how many of the selected queries, how they are asked for, and how they are rated."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: Annotated[dict[str, ComparedModel], Field(min_length=2, max_length=20)]
    max_queries: int | None = Field(ge=1)
    temperature: float = Field(ge=0, le=2)
    max_tokens: int = Field(gt=0)
    rating: RatingParameters
    preference: Literal["rating", "check_then_rating"]
    requests: RequestParameters
    seed: int

    @property
    def endpoints(self) -> dict[str, Endpoint]:
        """Those that are asked beside the teacher, by their key here."""
        asked = {name: model.endpoint for name, model in self.models.items()}
        return {f"models.{name}": endpoint for name, endpoint in asked.items() if endpoint is not None}

    @property
    def teacher_answers(self) -> bool:
        """Whether the teacher is among those that are compared; the judge is asked in any case."""
        return any(model.source == "teacher" for model in self.models.values())

    @property
    def rating_form(self) -> RatingForm:
        """How ratings alone are asked for and read."""
        settings = self.rating
        return RatingForm(score_by=settings.score_by, structured_output=settings.structured_output)

    @property
    def teacher_prompts(self) -> tuple[str, ...]:
        """The prompt files that the judge is asked by."""
        return tuple(
            {"alone": self.rating_form.prompt, "joint": "joint_rating"}[way] for way in self.rating.ways
        )

    def content_identity(self) -> dict[str, Any]:
        """Folders and files count by what lies in them."""
        from instruction_tuning.canonical.raw_files import list_raw_files
        from instruction_tuning.lm.model_folder import open_model_folder

        digests = {}
        for name, model in self.models.items():
            if model.source == "folder" and model.path is not None:
                digests[name] = open_model_folder(model.path).digest
            elif model.source == "file" and model.path is not None:
                digests[name] = ",".join(file.sha256 for file in list_raw_files(model.path))
        for key, endpoint in self.endpoints.items():
            digests[key] = endpoint.content_identity()["model"]
        return {**self.model_dump(mode="json"), "digests": digests}
