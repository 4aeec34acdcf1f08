"""Recipes for trainings of a few steps on the tiny base of `training_builders`."""

from dataclasses import replace
from typing import Any

from training_builders import CONTEXT

from instruction_tuning.training.schedule import Schedule
from instruction_tuning.training.supervised import SFTRecipe

_SCHEDULE = Schedule(
    learning_rate=1e-2,
    num_train_epochs=4,
    rows_per_microbatch=2,
    gradient_accumulation_steps=1,
    warmup_ratio=0.1,
    weight_decay=0.01,
    lr_scheduler_type="cosine",
    precision="float32",
    activation_checkpointing="never",
    logging_steps=2,
    save_seconds=3600.0,
    seed=3,
)


def small_schedule(**changes: Any) -> Schedule:
    """Four epochs in float32, without a checkpoint on the way."""
    return replace(_SCHEDULE, **changes)


def small_sft_recipe(**changes: Any) -> SFTRecipe:
    """Full tuning on packed rows; `schedule` by default that of `small_schedule`."""
    recipe = SFTRecipe(
        schedule=_SCHEDULE,
        tuning="full",
        lora_r=4,
        lora_alpha=8,
        lora_dropout=0.0,
        max_length=CONTEXT,
        packing=True,
        saved_dtype="float32",
        chat_template_path=None,
    )
    return replace(recipe, **changes)
