"""Parameters of `instruction_evolution`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from instruction_tuning.lm.request_parameters import RequestParameters
from instruction_tuning.synthesis.evol_instruct import check_prompt
from instruction_tuning.synthesis.mastery import MasteryParameters


class InstructionEvolutionParameters(BaseModel):
    """What is evolved, by which operations, and what keeps an evolution.

    `capability_aware`: before each round, `trained_model` is asked what it can do, and a branch stops where
    it cannot; false is blind evolution. `compare_with_parent` asks whether an evolution asks for something
    new and can be answered, as JSON where `structured_output` is true. An answer of fewer than
    `apology_words` words that says sorry is an apology.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seeds: int = Field(ge=1)
    capability_aware: bool
    trained_model: Literal["base", "champion"]
    mastery: MasteryParameters
    text_operations: tuple[str, ...] = Field(min_length=1)
    code_operations: tuple[str, ...] = Field(min_length=1)
    compare_with_parent: bool
    structured_output: bool = False
    max_instruction_characters: int = Field(gt=0)
    apology_words: int = Field(ge=0)
    temperature: float = Field(ge=0, le=2)
    evolution_max_tokens: int = Field(gt=0)
    check_max_tokens: int = Field(gt=0)
    answer_max_tokens: int = Field(gt=0)
    max_unreadable_rate: float = Field(ge=0, le=1)
    requests: RequestParameters
    seed: int

    @property
    def operations(self) -> tuple[str, ...]:
        """All that are drawn from."""
        return (*self.text_operations, *self.code_operations)

    @property
    def teacher_prompts(self) -> tuple[str, ...]:
        """The prompt files that teacher and judge are asked by."""
        return ("evolving", *((check_prompt(self.structured_output),) if self.compare_with_parent else ()))
