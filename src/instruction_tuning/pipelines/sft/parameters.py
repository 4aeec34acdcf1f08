"""Parameters of `sft`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


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
