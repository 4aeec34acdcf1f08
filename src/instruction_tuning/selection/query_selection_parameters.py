"""The parameter section `query_selection`, of the pipeline and of those that compare methods."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from instruction_tuning.selection.recipes import Method


class QuerySelectionParameters(BaseModel):
    """Which method picks, and how many; `methods` are the recipes to choose from.

    A budget above what the method can pick takes all that it can.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str
    budget: int = Field(gt=0)
    methods: dict[str, Method]
    seed: int

    @model_validator(mode="after")
    def _is_a_recipe(self) -> "QuerySelectionParameters":
        if self.method not in self.methods:
            there = ", ".join(sorted(self.methods))
            raise ValueError(f"no selection method is called {self.method!r}; there are {there}")
        return self
