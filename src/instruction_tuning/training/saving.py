"""Saving a trained model: its folder appears whole, by a rename, or not at all. Whether it was changed."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.model_files import WEIGHTS
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def save_model(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", saved_dtype: str, destination: Path
) -> ModelFolder:
    """Weights in the number format `saved_dtype` and the tokenizer, in the new folder `destination`."""
    import torch

    part = destination.with_name(destination.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    model.to(getattr(torch, saved_dtype)).save_pretrained(part, safe_serialization=True)
    tokenizer.save_pretrained(part)
    os.replace(part, destination)
    return open_model_folder(destination)


def require_other_weights(base: ModelFolder, trained: ModelFolder) -> None:
    """Raise `ConfigurationError` where the weights of `trained` are those of `base`, in its number format.

    Tensors are read up to the first that differs: mostly one.
    """
    import torch

    before, after = _tensor_files(base.path), _tensor_files(trained.path)
    names = [name for name in after if name in before]
    for name in names:
        weight = _tensor(after[name], name)
        if not torch.equal(_tensor(before[name], name).to(weight.dtype), weight):
            return
    if names:
        raise ConfigurationError(
            "the training has changed no weight: the model is still the base model",
            file=trained.path,
            field="sft.learning_rate",
            fix="raise the learning rate, or train more steps: more records, or more sft.num_train_epochs",
        )


def _tensor_files(folder: Path) -> dict[str, Path]:
    """The file of each tensor in `folder`."""
    from safetensors import safe_open

    found: dict[str, Path] = {}
    for file in sorted(folder.glob(WEIGHTS)):
        with safe_open(file, "pt") as tensors:
            found |= dict.fromkeys(tensors.keys(), file)
    return found


def _tensor(file: Path, name: str) -> "torch.Tensor":
    from safetensors import safe_open

    with safe_open(file, "pt") as tensors:
        weight: torch.Tensor = tensors.get_tensor(name)
    return weight
