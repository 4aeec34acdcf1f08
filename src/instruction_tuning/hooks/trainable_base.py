"""Whether a base model can be fine-tuned as asked: its tokenizer, its context, the memory there is."""

import logging
from typing import Any

from instruction_tuning.lm.model_files import parameter_count
from instruction_tuning.lm.model_folder import ModelFolder

logger = logging.getLogger(__name__)

# What a CPU trains within hours.
_CPU_PARAMETERS = 100_000_000


def check_trainable(base: ModelFolder, parameters: Any) -> None:
    """Raise `ConfigurationError` for what training would find out after the teacher was paid.

    `parameters` are those of the pipeline `sft`.
    """
    from instruction_tuning.training.trainable import trainable_tokenizer

    trainable_tokenizer(
        base, chat_template_path=parameters.chat_template_path, max_length=parameters.max_length
    )
    check_memory(base, parameters)


def check_memory(base: ModelFolder, parameters: Any) -> None:
    """Raise where not even weights and optimiser fit; warn of a large model without a GPU."""
    import psutil
    import torch

    from instruction_tuning.training.memory import require_memory
    from instruction_tuning.training.schedule import trains_in_bfloat16

    on_gpu, is_bfloat16 = torch.cuda.is_available(), trains_in_bfloat16(parameters.precision)
    needed = require_memory(
        base,
        tuning=parameters.tuning,
        is_bfloat16=is_bfloat16,
        free_bytes=torch.cuda.mem_get_info()[0] if on_gpu else psutil.virtual_memory().available,
        device="the GPU" if on_gpu else "this machine",
    )
    if not on_gpu and (parameter_count(base.path) > _CPU_PARAMETERS or parameters.precision == "bfloat16"):
        logger.warning(
            "no CUDA GPU is found: training on the CPU (%s, at least %.1f GiB), which is slow for this model",
            "bfloat16" if is_bfloat16 else "float32",
            needed / 2**30,
        )
