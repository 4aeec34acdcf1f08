"""What a user may set for the comparison; conf/base/parameters_answer_sets.yml holds the defaults."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class AnswerSetParameters(BaseModel):
    """How often a pair or a word has to occur to count as frequent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frequent: Annotated[int, Field(gt=0)] = 10
