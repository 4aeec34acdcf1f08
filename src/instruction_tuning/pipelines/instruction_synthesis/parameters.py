"""Parameters of `instruction_synthesis`."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from instruction_tuning.lm.request_parameters import RequestParameters
from instruction_tuning.synthesis.exemplifying import WriterKind
from instruction_tuning.synthesis.instruction_filters import InstructionFilters
from instruction_tuning.synthesis.self_instruct import SelfInstructParameters
from instruction_tuning.synthesis.textbook import TextbookParameters
from instruction_tuning.synthesis.unnatural import UnnaturalParameters

Method = Literal["self_instruct", "unnatural", "textbook"]

_PROMPTS: dict[Method, tuple[str, ...]] = {
    "self_instruct": ("new_tasks", "task_kind", "input_first", "label_first"),
    "unnatural": ("three_shots", "paraphrasing"),
    "textbook": ("textbook_section", "textbook_exercises"),
}


class InstructionSynthesisParameters(BaseModel):
    """What is written and how; what is not named in `methods` costs nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    methods: tuple[Method, ...]
    languages: tuple[Literal["en", "zh"], ...] = Field(min_length=1)
    writer: WriterKind
    temperature: float = Field(ge=0, le=2)
    filters: InstructionFilters
    self_instruct: SelfInstructParameters
    unnatural: UnnaturalParameters
    textbook: TextbookParameters
    max_unreadable_rate: float = Field(ge=0, le=1)
    requests: RequestParameters
    seed: int

    @property
    def asks_teacher(self) -> bool:
        """Whether anything is written at all."""
        return bool(self.methods)

    @property
    def teacher_prompts(self) -> tuple[str, ...]:
        """The prompt files that the writer is asked by."""
        return tuple(
            name if self.writer == "chat" else f"plain_{name}"
            for method in self.methods
            for name in _PROMPTS[method]
            if name != "paraphrasing" or self.unnatural.paraphrases
        )

    @model_validator(mode="after")
    def _a_plain_model_writes_lists(self) -> Self:
        if self.writer == "plain" and set(self.methods) - {"self_instruct"}:
            raise ValueError("a plain writer knows self_instruct alone: take the other methods out")
        return self
