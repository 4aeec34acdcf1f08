"""The steps of a training run, and what TRL's trainers are told of them and of the device."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Schedule:
    """What any training run says of its steps; field names as in transformers' TrainingArguments."""

    learning_rate: float
    num_train_epochs: float
    rows_per_microbatch: int
    gradient_accumulation_steps: int
    warmup_ratio: float
    weight_decay: float
    lr_scheduler_type: str
    precision: str
    activation_checkpointing: str
    logging_steps: int
    save_seconds: float
    seed: int


def deciding(recipe: Any) -> dict[str, Any]:
    """The fields of `recipe`, a data class with a `schedule`, that its result depends on."""
    fields = asdict(recipe)
    del fields["schedule"]["save_seconds"]
    return fields


def trainer_arguments(schedule: Schedule, checkpoints: Path, *, rows: int) -> dict[str, Any]:
    """TrainingArguments that TRL's configurations share, to train on `rows` rows with the device that there
    is (CUDA, else CPU)."""
    import torch

    switch_off_telemetry()
    on_gpu = torch.cuda.is_available()
    steps = optimizer_steps(schedule, rows, devices=max(torch.cuda.device_count(), 1) if on_gpu else 1)
    return {
        "output_dir": str(checkpoints),
        "learning_rate": schedule.learning_rate,
        "num_train_epochs": schedule.num_train_epochs,
        "per_device_train_batch_size": schedule.rows_per_microbatch,
        "gradient_accumulation_steps": schedule.gradient_accumulation_steps,
        "warmup_steps": warmup(schedule.warmup_ratio, steps),
        "weight_decay": schedule.weight_decay,
        "lr_scheduler_type": schedule.lr_scheduler_type,
        "logging_steps": schedule.logging_steps,
        "logging_first_step": True,  # so that a run of few steps has a loss curve too
        "logging_nan_inf_filter": False,
        "include_num_input_tokens_seen": "non_padding",
        "save_strategy": "no",  # see checkpoints.py
        "save_total_limit": 2,  # while the second is being written, the first is the one to go on from
        "seed": schedule.seed % 2**32,
        "bf16": trains_in_bfloat16(schedule.precision),
        "activation_checkpointing": {"auto": on_gpu, "always": True, "never": False}[
            schedule.activation_checkpointing
        ],
        "use_cpu": not on_gpu,
        "dataloader_pin_memory": on_gpu,
        "report_to": "none",
        "disable_tqdm": True,
    }


def optimizer_steps(schedule: Schedule, rows: int, *, devices: int = 1) -> int:
    """The steps that transformers takes for `rows` rows, each device with its own microbatches."""
    microbatches = math.ceil(rows / (schedule.rows_per_microbatch * devices))
    an_epoch = max(math.ceil(microbatches / schedule.gradient_accumulation_steps), 1)
    return math.ceil(schedule.num_train_epochs * an_epoch)


def warmup(ratio: float, steps: int) -> float:
    """`ratio`, which transformers reads as a share of the steps and rounds up, or 0 where that is one step.

    A warm-up starts at rate 0, so one of one step would be a step that trains nothing: of a run of one step,
    the whole training.
    """
    return 0 if math.ceil(ratio * steps) == 1 else ratio


def trains_in_bfloat16(precision: str) -> bool:
    """Whether products are taken in bfloat16; `auto` is where the device multiplies it by itself: a GPU from
    Ampere on, or a CPU with instructions for it, where training is half as fast again as in float32."""
    import torch

    from instruction_tuning.lm.loading import gpu_has_bfloat16

    if precision != "auto":
        return precision == "bfloat16"
    if torch.cuda.is_available():
        return gpu_has_bfloat16()
    return _cpu_multiplies_bfloat16(torch.cpu.get_capabilities())


def _cpu_multiplies_bfloat16(capabilities: Mapping[str, Any]) -> bool:
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16"))


def switch_off_telemetry() -> None:
    """TRL reports every trainer to the hub unless this is set, and reads it when the trainer is made."""
    import huggingface_hub.constants

    huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY = True
