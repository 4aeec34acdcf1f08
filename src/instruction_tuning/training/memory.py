"""The memory that training needs at the least, known before it starts.

Full tuning with AdamW: 16 bytes a parameter (weights, gradients and two moments in float32). LoRA: the frozen
weights alone, 2 bytes in bfloat16 or 4, for an adapter is about a hundredth of that. Activations come on
top and depend on rows, length and checkpointing, so what fits here may still be too much, and what does
not fit here never is enough. Sizes come from the headers of the safetensors files; no weight is read.
"""

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.model_files import parameter_count
from instruction_tuning.lm.model_folder import ModelFolder

FULL_BYTES, FROZEN_BFLOAT16_BYTES, FROZEN_FLOAT32_BYTES = 16, 2, 4
GIB = 1 << 30


def least_bytes(parameters: int, *, tuning: str, is_bfloat16: bool) -> int:
    """Weights, gradients and optimiser for `parameters` numbers."""
    if tuning == "full":
        return parameters * FULL_BYTES
    return parameters * (FROZEN_BFLOAT16_BYTES if is_bfloat16 else FROZEN_FLOAT32_BYTES)


def require_memory(base: ModelFolder, *, tuning: str, is_bfloat16: bool, free_bytes: int, device: str) -> int:
    """The bytes needed at the least; `ConfigurationError` where `free_bytes` of `device` are fewer."""
    parameters = parameter_count(base.path)
    needed = least_bytes(parameters, tuning=tuning, is_bfloat16=is_bfloat16)
    if needed > free_bytes:
        fix = "set sft.tuning to lora, " if tuning == "full" else ""
        raise ConfigurationError(
            f"{tuning} tuning of {parameters / 1e9:.2f} billion parameters needs at least "
            f"{needed / GIB:.1f} GiB, and {device} has {free_bytes / GIB:.1f} GiB free",
            file=base.path,
            field="sft.tuning",
            fix=f"{fix}take a smaller base model, or a machine with more memory",
        )
    return needed
