"""Parameters of `answer_generation`."""

from typing import Literal

from pydantic import Field

from instruction_tuning.lm.request_parameters import RequestParameters


class AnswerGenerationParameters(RequestParameters):
    """Where answers come from, how they are asked for, and what they must reach.

    `strategy: source` takes the records' own answers and sends nothing; all but the strategy is then
    without effect. How requests are sent is said in lm/request_parameters.py.
    """

    strategy: Literal["teacher", "source"]
    num_samples: int = Field(ge=1, le=128)
    temperature: float = Field(ge=0, le=2)
    max_tokens: int = Field(gt=0)
    use_system_prompt: bool
    rating_temperature: float = Field(ge=0, le=2)
    rating_max_tokens: int = Field(gt=0)
    min_rating: float = Field(ge=1, le=10)
    max_unreadable_rate: float = Field(ge=0, le=1)
    seed: int

    @property
    def asks_teacher(self) -> bool:
        """Whether answers come from somebody else than the records."""
        return self.strategy == "teacher"
