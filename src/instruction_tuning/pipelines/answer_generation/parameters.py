"""Parameters of `answer_generation`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from instruction_tuning.lm.request_parameters import RequestParameters
from instruction_tuning.verification.rating_form import RatingForm, ScoredBy
from instruction_tuning.verification.verifiers import VerifierName


class RejectionSamplingParameters(BaseModel):
    """What `strategy: rejection_sampling` does with answers that no verifier decides: have them rated, or
    drop them, as RFT does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unverified: Literal["rate", "drop"]


class ProgramParameters(BaseModel):
    """How `tests_first` and `self_repair` test programs.

    `num_repairs` of each that fails (self_repair); `max_mutants` of a passing solution show which tests are
    vacuous. The last three are the sandbox's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_repairs: int = Field(ge=1, le=64)
    max_mutants: int = Field(ge=1, le=100)
    workers: int = Field(ge=1, le=64)
    wall_seconds: float = Field(gt=0)
    memory_mib: int = Field(gt=0)


class RewardVerifierParameters(BaseModel):
    """The reward that an earlier reward model has to give; longer answers than it was trained on stay
    unjudged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_reward: float
    max_length: int = Field(gt=0)


class AnswerGenerationParameters(RequestParameters):
    """Where answers come from, how they are asked for, and what they must reach.

    `strategy: source` takes the records' own answers and sends nothing; of the rest `verifiers` alone has an
    effect then. `num_samples` are first programs for `self_repair`. How requests are sent is said in
    lm/request_parameters.py.
    """

    strategy: Literal["teacher", "source", "rejection_sampling", "tests_first", "self_repair"]
    num_samples: int = Field(ge=1, le=128)
    max_answers_per_query: int = Field(ge=1, le=128)
    temperature: float = Field(ge=0, le=2)
    max_tokens: int = Field(gt=0)
    use_system_prompt: bool | Literal["by_use_case"]
    verifiers: tuple[VerifierName, ...]
    min_self_consistency: float | None = Field(gt=0, le=1)
    earlier_reward_model: RewardVerifierParameters | None
    rejection_sampling: RejectionSamplingParameters
    programs: ProgramParameters
    score_by: ScoredBy = "parsed_text"
    structured_output: bool = False
    rating_temperature: float = Field(ge=0, le=2)
    rating_max_tokens: int = Field(gt=0)
    min_rating: float = Field(ge=1, le=10)
    max_unreadable_rate: float = Field(ge=0, le=1)
    seed: int

    @property
    def rating_form(self) -> RatingForm:
        """How ratings are asked for and read."""
        return RatingForm(score_by=self.score_by, structured_output=self.structured_output)

    @property
    def asks_teacher(self) -> bool:
        """Whether answers come from somebody else than the records."""
        return self.strategy != "source"

    @property
    def tests_programs(self) -> bool:
        """Whether programs are run against tests."""
        return self.strategy in ("tests_first", "self_repair")

    @property
    def num_repairs(self) -> int:
        """How many repairs are asked for of a program that fails its tests."""
        return self.programs.num_repairs if self.strategy == "self_repair" else 0

    @property
    def teacher_prompts(self) -> tuple[str, ...]:
        """The prompt files that teacher and judge are asked by; queries are asked as they stand."""
        rating = () if self.rates_nothing else (self.rating_form.prompt,)
        programs = ("writing_tests", "solving_with_tests") if self.tests_programs else ()
        return (*rating, *programs, *(("repairing",) if self.strategy == "self_repair" else ()))

    @property
    def rates_nothing(self) -> bool:
        """Whether no answer will have a rating."""
        return self.strategy == "source" or (
            self.strategy == "rejection_sampling" and self.rejection_sampling.unverified == "drop"
        )
