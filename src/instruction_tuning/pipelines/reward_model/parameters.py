"""Parameters of `reward_model`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class RewardModelParameters(BaseModel):
    """Pairs, training, and best-of-n. Lengths in tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    preference: Literal["rating", "check_then_rating"]
    min_margin: float = Field(ge=0)
    max_pairs: int = Field(gt=0)

    learning_rate: float = Field(gt=0)
    num_train_epochs: float = Field(gt=0)
    max_length: int = Field(gt=1)
    center_rewards_coefficient: float = Field(ge=0)
    rows_per_microbatch: int = Field(gt=0)
    gradient_accumulation_steps: int = Field(gt=0)
    warmup_ratio: float = Field(ge=0, lt=1)
    weight_decay: float = Field(ge=0)
    lr_scheduler_type: Literal["linear", "cosine", "constant", "constant_with_warmup"]
    precision: Literal["auto", "float32", "bfloat16"]
    activation_checkpointing: Literal["auto", "always", "never"]
    saved_dtype: Literal["float32", "bfloat16"]
    logging_steps: int = Field(gt=0)
    save_seconds: float = Field(ge=0)
    seed: int
    work_folder: str

    best_of_n_prompts: int = Field(gt=0)
    best_of_n_samples: int = Field(gt=1)
    best_of_n_temperature: float = Field(gt=0)
    best_of_n_max_new_tokens: int = Field(gt=0)
