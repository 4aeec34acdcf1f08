"""Parameters of `selection_comparison`."""

from pydantic import BaseModel, ConfigDict, Field, model_validator


class SelectionComparisonParameters(BaseModel):
    """Which recipes of `query_selection.methods` are compared, at which budget, with which seeds.

    The report draws the selections of the first seed; the arena trains on those of all, two at least.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    methods: tuple[str, ...] = Field(min_length=2)
    reference: str
    budget: int = Field(gt=0)
    seeds: tuple[int, ...] = Field(min_length=1)
    map_points: int = Field(gt=0)

    @model_validator(mode="after")
    def _reference_is_compared(self) -> "SelectionComparisonParameters":
        if self.reference not in self.methods:
            raise ValueError(f"the reference {self.reference!r} is not among the methods {self.methods}")
        if len(set(self.methods)) < len(self.methods) or len(set(self.seeds)) < len(self.seeds):
            raise ValueError("a method or a seed is named twice")
        return self
