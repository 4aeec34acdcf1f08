"""The parameter section `sft`, of the pipeline and of every other that trains as it does."""

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from instruction_tuning.training.supervised import SFTRecipe


class SFTParameters(BaseModel):
    """The mixture, the training and where its checkpoints go. Lengths in tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    documents_per_example: float = Field(ge=0)
    validation_share: float = Field(gt=0, lt=1)
    validation_minimum: int = Field(ge=1)

    tuning: Literal["full", "lora"]
    lora_r: int = Field(gt=0)
    lora_alpha: int = Field(gt=0)
    lora_dropout: float = Field(ge=0, lt=1)

    learning_rate: float = Field(gt=0)
    num_train_epochs: float = Field(gt=0)
    max_length: int = Field(gt=1)
    packing: bool
    rows_per_microbatch: int = Field(gt=0)
    gradient_accumulation_steps: int = Field(gt=0)
    warmup_ratio: float = Field(ge=0, lt=1)
    weight_decay: float = Field(ge=0)
    lr_scheduler_type: Literal["linear", "cosine", "constant", "constant_with_warmup"]
    precision: Literal["auto", "float32", "bfloat16"]
    activation_checkpointing: Literal["auto", "always", "never"]
    saved_dtype: Literal["float32", "bfloat16"]
    chat_template_path: str | None
    logging_steps: int = Field(gt=0)
    save_seconds: float = Field(ge=0)
    seed: int
    work_folder: str

    def recipe(self) -> "SFTRecipe":
        """What `training.supervised.fine_tune` wants to know."""
        from instruction_tuning.training.schedule import Schedule
        from instruction_tuning.training.supervised import SFTRecipe

        chosen = self.model_dump()
        return SFTRecipe(
            schedule=Schedule(**{name: chosen[name] for name in Schedule.__dataclass_fields__}),
            **{name: chosen[name] for name in SFTRecipe.__dataclass_fields__ if name != "schedule"},
        )
