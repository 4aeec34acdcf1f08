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
