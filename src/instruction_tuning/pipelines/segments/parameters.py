"""What a user may set for segments; conf/base/parameters_segments.yml holds the defaults."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1)]


class SegmentParameters(BaseModel):
    """`segments/faults.py` explains the rules."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text_field: str = "text"
    min_characters: Annotated[int, Field(ge=0)] = 600
    max_characters: Annotated[int, Field(gt=0)] = 3000
    repetition_ngram: Annotated[int, Field(gt=0)] = 3
    repetition_jaccard: Annotated[float, Field(gt=0, le=1)] = 0.8
    max_repeated_share: Share = 0.2
    max_navigation_share: Share = 0.5
    min_prose_share: Share = 0.5

    @model_validator(mode="after")
    def _lengths_leave_room(self) -> Self:
        if self.min_characters > self.max_characters:
            raise ValueError(
                f"min_characters ({self.min_characters}) is more than max_characters ({self.max_characters})"
            )
        return self
