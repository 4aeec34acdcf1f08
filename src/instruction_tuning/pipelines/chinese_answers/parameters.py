"""Parameters of `chinese_answers`."""

from pydantic import BaseModel, ConfigDict, Field

from instruction_tuning.lm.request_parameters import RequestParameters


class ChineseAnswersParameters(BaseModel):
    """How texts are asked for; translations at temperature 0, whatever `temperature` says of answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(ge=0, le=2)
    max_tokens: int = Field(gt=0)
    requests: RequestParameters
    seed: int

    @property
    def teacher_prompts(self) -> tuple[str, ...]:
        """The prompt files that the teacher is asked by; the Chinese questions are asked as they stand."""
        return ("translating", "translating_answer")
